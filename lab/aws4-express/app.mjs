// The example of the README of aws4-express: JSON bodies kept as they were received, and every route behind awsVerify.
import aws4 from "@filen/aws4-express";
import express from "express";

const secrets = new Map([["orders", "lab-secret-0123456789-0123456789"]]);
const orders = new Map([["c41f7a90d2", { order: "c41f7a90d2", item: "a lamp of brass" }]]);

const app = express();
app.get("/health", (request, response) => response.send("ready\n"));
app.use(express.json({ type: "*/*", verify: aws4.rawBodyFromVerify }));
app.use(aws4.awsVerify({ secretKey: (message) => secrets.get(message.accessKey) }));
app.get("/orders", (request, response) => response.json([...orders.values()]));
app.get("/orders/:order", (request, response) => {
  const order = orders.get(request.params.order);
  if (order) response.json(order);
  else response.sendStatus(404);
});
app.put("/orders/:order", (request, response) => {
  orders.set(request.params.order, request.body);
  response.json(request.body);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
