// The database of the quick start, with two users whose passwords are hashed as the server does it.
import { writeFileSync } from "node:fs";
import bcrypt from "bcryptjs";

const user = (id, name) => ({ id, email: `${name}@example.com`, password: bcrypt.hashSync(`lab-${name}-Password-1`, 10) });
const database = {
  users: [user(1, "alice"), user(2, "bob")],
  orders: [{ id: 1, order: "c41f7a90d2", userId: 1 }],
  notes: [{ id: 1, note: "a77be019c3", userId: 1 }, { id: 2, note: "b80d31f6e4", userId: 2 }],
};
writeFileSync("db.json", JSON.stringify(database));
writeFileSync("routes.json", JSON.stringify({ users: 600, orders: 660, notes: 600 }));
