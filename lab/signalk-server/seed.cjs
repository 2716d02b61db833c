// Writes the security.json that the first form and the list of users make, with the users of the lab.
const { hashSync } = require(`${process.cwd()}/node_modules/bcryptjs`);

const user = (username, type) => ({ username, type, password: hashSync(`lab-${username}-Password-1`, 10) });
console.log(
  JSON.stringify({
    allow_readonly: true,
    expiration: "NEVER",
    secretKey: "lab-signing-key-0123456789-0123456789-0123456789",
    users: [user("admin", "admin"), user("rw", "readwrite"), user("ro", "readonly")],
    devices: [],
    immutableConfig: false,
    acls: [],
    allowDeviceAccessRequests: true,
    allowNewUserRegistration: true,
  }),
);
