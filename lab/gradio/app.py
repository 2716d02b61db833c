"""The quick start of Gradio with users: a function, one that says who asks, and notes of each user."""

import os

import gradio as gr

USERS = [("alice", os.environ.get("LAB_PASSWORD", "lab-Password-1")), ("bob", os.environ.get("LAB_PASSWORD_2", "lab-Password-2"))]
NOTES = {}


def greet(name, intensity):
    return "Hello, " + name + "!" * int(intensity)


def whoami(request: gr.Request):
    return request.username


def save(text, request: gr.Request):
    NOTES[request.username] = text
    return f"saved: {text}"


def read(request: gr.Request):
    return NOTES.get(request.username, "nothing")


with gr.Blocks(title="Lab") as demo:
    name, intensity, greeting = gr.Textbox(label="name"), gr.Slider(1, 5, value=1), gr.Textbox(label="greeting")
    gr.Button("Greet").click(greet, [name, intensity], greeting, api_name="greet")
    text, answer = gr.Textbox(label="note"), gr.Textbox(label="answer")
    gr.Button("Who").click(whoami, [], answer, api_name="whoami")
    gr.Button("Save").click(save, [text], answer, api_name="save")
    gr.Button("Read").click(read, [], answer, api_name="read")

app, _, _ = demo.launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]), auth=USERS, share=False, quiet=True, prevent_thread_lock=True)
# the name of the cookie has a part that is new at each start, which a scenario cannot name
app.cookie_id = "lab"
demo.block_thread()
