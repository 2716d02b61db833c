// The example of the README of koa-jwt: a custom 401, an open route, and a middleware below which everything needs a token.
import Koa from "koa";
import jwt from "koa-jwt";

const app = new Koa();
app.use((context, next) =>
  next().catch((error) => {
    if (error.status !== 401) throw error;
    context.status = 401;
    context.body = "Protected resource, use Authorization header to get access\n";
  }),
);
app.use((context, next) => {
  if (!context.url.match(/^\/public/)) return next();
  context.body = "unprotected\n";
});
app.use(jwt({ secret: "lab-signing-key-0123456789-0123456789-0123456789" }));
app.use((context) => {
  if (context.url.match(/^\/api/)) context.body = `protected: order c41f7a90d2 of ${context.state.user.sub}\n`;
});
app.listen(Number(process.env.PORT), "127.0.0.1");
