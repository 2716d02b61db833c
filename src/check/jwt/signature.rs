//! JSON Web Tokens: who signed, and by what (RFC 8725 §3.1 to §3.4, §3.8).

use crate::check::jwt::judgements;
use crate::check::step::{INVALID, On, Step, Who, each_forged, send};
use crate::check::{Check, Doc, Explanation, Level, Mode, REFUSAL, Severity};

/// A forgery in a list, refused as an invalid token.
const fn refused(names: &'static [&'static str]) -> Step {
    send(each_forged(names), On::Protected).denied(&[INVALID])
}

/// What one forgotten route lets in is asked of each that is read.
const fn refused_everywhere(names: &'static [&'static str]) -> Step {
    send(each_forged(names), On::EachRoute).denied(&[INVALID])
}

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "jwt.valid-accepted",
        title: "A freshly minted, correct token is accepted (positive control)",
        level: Level::Must,
        severity: Severity::Info,
        control: true,
        sources: &["RFC 7519 §7.2", "RFC 9068 §4"],
        doc: Doc {
            sends: "A good token: minted with the issuer's key, obtained, or given.",
            matters: "A server that refuses everybody proves nothing by refusing forgeries.",
            fix: "Check the token, the key and the claims that the scenario gives; then the server's configuration.",
        },
        steps: &[send(Who::Good, On::Protected).granted()],
        fault: "jwt-rejects-everything",
        ..REFUSAL
    },
    Check {
        id: "jwt.signature-required",
        title: "Unsigned forms of a signed token are refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9068 §4", "RFC 8725 §3.3", "ASVS 9.1.1"],
        doc: Doc {
            sends: "The good token with an empty, a missing, a foreign and a cut signature.",
            matters: "Where the signature is optional, everybody writes their own claims.",
            fix: "Refuse a token whose signature is not there or does not verify.",
        },
        steps: &[refused(&["sig-empty", "sig-absent", "sig-of-another", "sig-truncated"])],
        fault: "jwt-signature-optional",
        ..REFUSAL
    },
    Check {
        id: "jwt.signature-verified",
        title: "A changed byte anywhere invalidates the token",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7515 §5.2", "RFC 8725 §3.3", "ASVS 9.1.1"],
        doc: Doc {
            sends: "The good token with one bit of its signature flipped, with claims changed under it, and signed by a \
                    stranger; the flipped bit at each resource that is read (at most 16).",
            matters: "A token that is decoded and not verified is a form that the caller fills in.",
            fix: "Verify the signature over the received bytes before any claim is read.",
        },
        steps: &[
            refused_everywhere(&["sig-flipped-bit"]),
            refused(&["sig-sub-changed", "sig-scope-changed", "sig-exp-changed", "sig-strangers"]),
        ],
        shows: Explanation::Unverified,
        fault: "decode-without-verify",
        ..REFUSAL
    },
    Check {
        id: "jwt.alg-none-refused",
        title: "Unsecured JWTs are refused in every spelling",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9068 §4", "RFC 7518 §3.6", "RFC 8725 §3.2", "WSTG-SESS-10"],
        doc: Doc {
            sends: "Tokens whose alg is none in several spellings, empty, null or absent, without and with some signature; none \
                    and NONE at each resource that is read (at most 16).",
            matters: "A library that takes none for an algorithm accepts whatever anybody writes.",
            fix: "Name the accepted algorithms; never take them from the token.",
        },
        steps: &[
            refused_everywhere(&["alg-none", "alg-none-upper"]),
            refused(&[
                "alg-none-capital",
                "alg-none-mixed",
                "alg-none-space",
                "alg-empty",
                "alg-null",
                "alg-absent",
                "alg-none-junk",
                "alg-none-capital-junk",
                "alg-none-upper-junk",
                "alg-none-mixed-junk",
                "alg-none-space-junk",
                "alg-empty-junk",
                "alg-null-junk",
                "alg-absent-junk",
            ]),
        ],
        shows: Explanation::Unsigned,
        fault: "accepts-alg-none",
        ..REFUSAL
    },
    Check {
        id: "jwt.alg-confusion-refused",
        title: "A public key never serves as an HMAC secret",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 8725 §3.1", "RFC 8725 §2.1", "ASVS 9.1.2"],
        doc: Doc {
            sends: "Tokens signed by HMAC, keyed with the published key in each form that a server may hold it in.",
            matters: "Everybody has the public key; if it verifies HMAC, everybody can sign.",
            fix: "Bind each key to its algorithm, and refuse tokens that name another.",
        },
        steps: &[refused(&[
            "confusion-pem",
            "confusion-pem-unended",
            "confusion-pkcs1",
            "confusion-der",
            "confusion-jwk",
            "confusion-number",
            "confusion-certificate",
            "confusion-384",
            "confusion-512",
        ])],
        fault: "rs-hs-confusion",
        ..REFUSAL
    },
    Check {
        id: "jwt.alg-allow-list",
        title: "Only configured algorithms are accepted even when the signature is right",
        level: Level::Must,
        severity: Severity::Medium,
        sources: &["RFC 8725 §3.1", "RFC 8725 §3.2", "ASVS 9.1.2"],
        doc: Doc {
            sends: "Right signatures by another algorithm of the same key, and the algorithm in lower case, as an array, \
                    as a number, unknown.",
            matters: "Algorithms that nobody chose are the ones that nobody watches.",
            fix: "Configure one algorithm for each key and compare the header with it.",
        },
        steps: &[refused(&["alg-sibling", "alg-pss", "alg-lower-case", "alg-array", "alg-number", "alg-unknown"])],
        expect: judgements::algorithms,
        fault: "any-alg-of-key-type",
        ..REFUSAL
    },
    Check {
        id: "jwt.empty-hmac-key-refused",
        title: "Tokens signed with an empty, zero or well-known secret are refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7518 §3.2", "RFC 8725 §3.5"],
        doc: Doc {
            sends: "Tokens signed with empty, zero and famous secrets; the secret of an HMAC token is looked for in a \
                    list, without asking the server.",
            matters: "Whoever guesses the secret signs for the issuer.",
            fix: "Use a random secret as long as the hash (RFC 7518 §3.2), and none as a default.",
        },
        steps: &[refused(&["hmac-empty", "hmac-secret", "hmac-changeme", "hmac-your-256-bit-secret", "hmac-guessed"])],
        fault: "weak-hs-secret",
        ..REFUSAL
    },
    Check {
        id: "jwt.ecdsa-zero-signature-refused",
        title: "ECDSA signatures with r or s equal to zero or n are refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 8725 §3.4", "RFC 7518 §3.4", "CVE-2022-21449"],
        doc: Doc {
            sends: "ECDSA signatures of zeros, with r or s of zero or of the order of the curve, and of zeros in DER.",
            matters: "Verifiers without range checks accept zeros for every key and every text.",
            fix: "Update the library: r and s lie between 1 and n - 1.",
        },
        steps: &[refused(&[
            "ecdsa-zeros",
            "ecdsa-r-zero",
            "ecdsa-s-zero",
            "ecdsa-r-order",
            "ecdsa-s-order",
            "ecdsa-der-zeros",
        ])],
        fault: "psychic-signature",
        ..REFUSAL
    },
    Check {
        id: "jwt.ecdsa-encoding-strict",
        title: "Only fixed-length R||S ECDSA signatures are accepted",
        level: Level::Must,
        severity: Severity::Low,
        tier: crate::check::Tier::Extended,
        sources: &["RFC 7518 §3.4"],
        doc: Doc {
            sends: "The good signature in DER, with a zero before it, with a byte appended, twice over, one byte short, and its \
                    first half and first byte alone.",
            matters: "Several spellings of one token defeat lists of refused tokens.",
            fix: "Accept the two numbers side by side at their full length, and nothing else.",
        },
        steps: &[refused(&[
            "ecdsa-der",
            "ecdsa-longer",
            "ecdsa-appended",
            "ecdsa-doubled",
            "ecdsa-shorter",
            "ecdsa-half",
            "ecdsa-one-byte",
        ])],
        fault: "accepts-der-ecdsa",
        ..REFUSAL
    },
    Check {
        id: "jwt.embedded-jwk-ignored",
        title: "A key carried in the token header is not trusted",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 8725 §3.8", "RFC 7515 §4.1.3", "ASVS 9.1.3"],
        doc: Doc {
            sends: "Tokens that bring the key that signed them: as jwk, under the trusted kid, and as a certificate.",
            matters: "A verifier that takes the key from the token verifies nothing but the token's own opinion.",
            fix: "Take keys from configuration alone; ignore jwk and x5c.",
        },
        steps: &[refused(&["header-jwk", "header-jwk-kid", "header-x5c"])],
        fault: "trusts-header-jwk",
        ..REFUSAL
    },
    Check {
        id: "jwt.remote-key-url-ignored",
        title: "jku and x5u are not fetched unless allow-listed",
        level: Level::Must,
        severity: Severity::Critical,
        mode: Mode::OutOfBand,
        remote_safe: false,
        sources: &["RFC 8725 §3.8", "RFC 8725 §3.10", "RFC 7515 §4.1.2", "RFC 7515 §4.1.5", "ASVS 9.1.3"],
        doc: Doc {
            sends: "Tokens whose jku or x5u leads to a listener of authbench, plainly and behind the trusted host's name.",
            matters: "Whoever decides where keys come from decides who signs; and the server asks wherever it is sent.",
            fix: "Ignore jku and x5u, or compare them with a list before anything is fetched.",
        },
        steps: &[refused(&["jku", "x5u", "jku-user", "jku-fragment", "jku-query"])],
        expect: judgements::not_followed,
        fault: "fetches-jku",
        ..REFUSAL
    },
    Check {
        id: "jwt.jwe-in-place-refused",
        title: "An encrypted token made by anyone with the public key is not trusted",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 8725 §2.3", "RFC 8725 §3.3", "RFC 9068 §4"],
        doc: Doc {
            sends: "Claims, and an unsigned token, encrypted to the published key and with a key of zeros.",
            matters: "Everybody can encrypt to a public key: what was encrypted is not signed.",
            fix: "Refuse encrypted tokens, or require a signature inside.",
        },
        steps: &[refused(&[
            "jwe-to-holder",
            "jwe-to-holder-unsigned",
            "jwe-direct",
            "jwe-wrapped",
            "jwe-direct-unsigned",
        ])],
        fault: "jwe-plaintext-trusted",
        ..REFUSAL
    },
];
