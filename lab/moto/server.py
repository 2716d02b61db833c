"""moto server with authentication turned on, as moto's documentation of IAM-like access control shows it.

Of two users of IAM, one may read and write the objects of a bucket, and the other may list them. Their keys are the same each time, by moto's seed.
"""

import json
import os

import boto3
import requests
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.server import main

# in the same process, so both servers have the same buckets and users
preparing = ThreadedMotoServer(ip_address="127.0.0.1", port=int(os.environ["PORT_2"]), verbose=False)
preparing.start()
address = f"http://127.0.0.1:{os.environ['PORT_2']}"
requests.post(f"{address}/moto-api/seed?a=42", timeout=10)


def client(service):
    return boto3.client(service, endpoint_url=address, region_name="us-east-1", aws_access_key_id="root", aws_secret_access_key="root")


iam, s3 = client("iam"), client("s3")
for user, actions, resources in (
    ("orders", "s3:*", ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"]),
    ("guest", "s3:ListBucket", ["arn:aws:s3:::orders"]),
):
    iam.create_user(UserName=user)
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": resources}}
    iam.put_user_policy(UserName=user, PolicyName=user, PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    print(user, key["AccessKeyId"], key["SecretAccessKey"], flush=True)
s3.create_bucket(Bucket="orders")
s3.put_object(Bucket="orders", Key="c41f7a90d2.json", Body=b'{"order":"c41f7a90d2","item":"a lamp of brass"}', ContentType="application/json")
requests.post(f"{address}/moto-api/reset-auth", data="0", timeout=10)
preparing.stop()
main(["-H", "127.0.0.1", "-p", os.environ["PORT"]])
