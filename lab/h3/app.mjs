// The examples of the documentation of H3: basicAuth as a middleware, and a session that is sealed into its cookie.
import { H3, HTTPError, basicAuth, readBody, serve, useSession } from "h3";

const passwords = { john: "lab-Password-1", jane: "lab-Password-2" };
const notes = ["a77be019c3"];
const app = new H3();
const auth = basicAuth({ username: "john", password: "lab-Password-1" });
const sessionOf = (event) => useSession(event, { password: "lab-80d42cfb-1cd2-462c-8f17-e3237d9027e9" });
const loggedIn = async (event, next) => {
  if (!(await sessionOf(event)).data.user) throw new HTTPError({ status: 401, message: "Unauthorized" });
  return next();
};

app.get("/health", () => "ready");
app.post("/login", async (event) => {
  const body = (await readBody(event)) ?? {};
  if (!Object.hasOwn(passwords, body.user) || passwords[body.user] !== body.password) throw new HTTPError({ status: 401, message: "Unauthorized" });
  const session = await sessionOf(event);
  await session.update({ user: body.user });
  return { ok: true };
});
app.post("/logout", async (event) => {
  await (await sessionOf(event)).clear();
  return { ok: true };
});
for (const [area, middleware] of [["basic", [auth]], ["session", [loggedIn]]]) {
  app.get(`/${area}/order`, () => ({ area, order: "c41f7a90d2" }), { middleware });
  app.get(`/${area}/notes`, () => ({ notes }), { middleware });
  app.post(
    `/${area}/notes`,
    async (event) => {
      notes.push((await readBody(event)).note);
      event.res.status = 201;
      return { saved: notes.length, id: "5be10c92aa" };
    },
    { middleware },
  );
}
serve(app, { port: Number(process.env.PORT), hostname: "127.0.0.1" });
