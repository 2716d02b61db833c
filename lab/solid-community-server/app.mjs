// Community Solid Server in its default configuration (in memory), with a pod and client credentials of two users. It takes connections on
// PORT only after these are made: the server does not let clients choose their identifiers and secrets.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import crypto from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

// the server makes up identifiers and secrets; those of the lab are fixed, so that a scenario can name them
const accounts = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];
const random = crypto.randomUUID;
let next;
crypto.randomUUID = (...given) => { const fixed = next; next = undefined; return fixed ?? random(...given); };
const { AppRunner, BaseAccountStore, BaseClientCredentialsStore, joinFilePath } = await import('@solid/community-server');
const { create } = BaseAccountStore.prototype;
BaseAccountStore.prototype.create = function() {
  next = accounts.shift();
  return create.call(this);
};
BaseClientCredentialsStore.prototype.create = function(label, webId, accountId) {
  const name = label.split('_')[0];
  const fixed = name === 'alice' || name === 'bob';
  return this.storage.create('clientCredentials', {
    accountId, label: fixed ? name : label, webId, secret: fixed ? `lab-${name}-Secret-0123456789abcdef` : randomBytes(64).toString('hex'),
  });
};

const port = Number(process.env.PORT);
// an address of loopback is no issuer and no WebID for the server; `localhost` is
const base = `http://localhost:${port}/`;
const listen = http.Server.prototype.listen;
let server;
http.Server.prototype.listen = function(...given) {
  server = this;
  return listen.call(this, 0, '127.0.0.1', typeof given.at(-1) === 'function' ? given.at(-1) : undefined);
};
const app = await new AppRunner().create({
  config: joinFilePath(process.env.MODULES, '@solid/community-server/config/default.json'),
  loaderProperties: { mainModulePath: joinFilePath(process.env.MODULES, '@solid/community-server/'), logLevel: 'error' },
  shorthand: { port, baseUrl: base, loggingLevel: 'warn', seedConfig: process.env.SEED },
});
await app.start();
http.Server.prototype.listen = listen;

if (!server.address()) {
  await new Promise(resolve => { server.once('listening', resolve); });
}
const inner = server.address().port;
function ask(method, url, headers = {}, body) {
  return new Promise((resolve, reject) => {
    const { pathname } = new URL(url, base);
    const sent = http.request({ host: '127.0.0.1', port: inner, method, path: pathname, headers: { Host: `localhost:${port}`, ...headers } }, (answer) => {
      let text = '';
      answer.on('data', part => { text += part; });
      answer.on('end', () => answer.statusCode < 400 ? resolve(text) : reject(new Error(`${method} ${url}: ${answer.statusCode} ${text}`)));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
const json = (method, url, value, headers) => ask(method, url, { Accept: 'application/json', ...value && { 'Content-Type': 'application/json' }, ...headers }, value && JSON.stringify(value)).then(JSON.parse);

async function client(name, password) {
  const { authorization } = await json('POST', '.account/login/password/', { email: `${name}@example.com`, password });
  const headers = { Authorization: `CSS-Account-Token ${authorization}` };
  const { controls } = await json('GET', '.account/', undefined, headers);
  return json('POST', controls.account.clientCredentials, { name, webId: `${base}${name}/profile/card#me` }, headers);
}

// the server reads WebIDs from itself; until the notes are there, its root answers 503
let ready = false;
const [handler] = server.listeners('request');
server.removeAllListeners('request');
server.on('request', (request, answer) => ready || request.url !== '/' ? handler(request, answer) : answer.writeHead(503).end());
await new Promise(resolve => { net.createServer(socket => server.emit('connection', socket)).listen(port, '127.0.0.1', resolve); });

await client('alice', 'lab-Password-1');
const [id, secret] = ['alice', 'lab-alice-Secret-0123456789abcdef'];
await client('bob', 'lab-Password-2');
const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwk = await exportJWK(publicKey);
const proof = (method, url, ath) => new SignJWT({ htm: method, htu: url, jti: randomUUID(), ...ath && { ath } }).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setIssuedAt().sign(privateKey);
const { access_token: token } = JSON.parse(await ask('POST', '.oidc/token', {
  Authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
  'Content-Type': 'application/x-www-form-urlencoded',
  DPoP: await proof('POST', `${base}.oidc/token`),
}, 'grant_type=client_credentials&scope=webid'));
async function put(path, type, body) {
  const url = base + path;
  await ask('PUT', url, { Authorization: `DPoP ${token}`, DPoP: await proof('PUT', url, createHash('sha256').update(token).digest('base64url')), 'Content-Type': type }, body);
}
await put('alice/private.txt', 'text/plain', 'a private note');
await put('alice/written.txt', 'text/plain', 'old');
await put('alice/patched.ttl', 'text/turtle', '<#a> <#b> "lab".');
await put('alice/shared.txt', 'text/plain', 'a shared note');
await put('alice/shared.txt.acl', 'text/turtle', `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#owner> a acl:Authorization; acl:agent <${base}alice/profile/card#me>; acl:accessTo <${base}alice/shared.txt>; acl:mode acl:Read, acl:Write, acl:Control.
<#bob> a acl:Authorization; acl:agent <${base}bob/profile/card#me>; acl:accessTo <${base}alice/shared.txt>; acl:mode acl:Read.`);
ready = true;
