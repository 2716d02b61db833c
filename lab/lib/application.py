"""An application of the lab: started on a free port, tested, stopped."""

import glob
import http.client
import os
import signal
import socket
import ssl
import subprocess
import time

import yaml

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = os.environ["AUTHBENCH_LAB"]
PROGRAM = os.environ.get("AUTHBENCH", os.path.join(LAB, "..", "target", "debug", "authbench"))
# packages are installed before an application answers
START_TIMEOUT = 900


def names():
    return sorted(name for name in os.listdir(LAB) if os.path.exists(os.path.join(LAB, name, "run.sh")))


def expected(name):
    with open(os.path.join(LAB, name, "expected.yaml")) as file:
        return yaml.safe_load(file)


def out(name):
    folder = os.path.join(HOME, "out", name)
    os.makedirs(folder, exist_ok=True)
    return folder


def run(name, report, options, quiet=False):
    """Returns what went wrong, or nothing where there is a report."""
    if os.path.exists(report):
        os.remove(report)
    port, second = free_ports()
    with open(os.path.join(out(name), "application.log"), "wb") as log:
        process = subprocess.Popen(
            [os.path.join(LAB, name, "run.sh")],
            env={**os.environ, "PORT": str(port), "PORT_2": str(second)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        for answering in [port, *([second] if names_the_second(name) else [])]:
            trouble = wait_for(process, answering, log.name)
            if trouble:
                return trouble
        command = [PROGRAM, "run", *scenarios(name), "--report", f"json={report}", *options]
        environment = {**os.environ, "LAB_WORK": os.path.join(HOME, name), "PORT": str(port), "PORT_2": str(second), "BASE_URL": f"http://127.0.0.1:{port}", "BASE_URL_2": f"http://127.0.0.1:{second}"}
        with open(os.path.join(out(name), "authbench.log"), "w") as said:
            answer = subprocess.run(command, env=environment, stdout=said if quiet else None, stderr=said if quiet else None)
        return None if os.path.exists(report) else f"authbench ended with {answer.returncode} and wrote no report"
    finally:
        stop(process)


def scenarios(name):
    return sorted(glob.glob(os.path.join(LAB, name, "scenario*.yaml")))


def names_the_second(name):
    """Whether a scenario speaks to what stands beside the application."""
    return any("${BASE_URL_2" in open(scenario).read() or "${PORT_2" in open(scenario).read() for scenario in scenarios(name))


def free_ports():
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def wait_for(process, port, log):
    """Waits until the application answers a request, with whatever status; what stands before it may answer 503 for a while."""
    end = time.monotonic() + START_TIMEOUT
    patience = 100
    while time.monotonic() < end:
        if process.poll() is not None:
            return f"the application ended with {process.returncode}; see {log}"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            if connection.getresponse().status != 503 or patience == 0:
                return None
            patience -= 1
            time.sleep(0.2)
        except (OSError, http.client.HTTPException):
            if speaks_tls(port):
                return None
            time.sleep(0.2)
        finally:
            connection.close()
    return f"the application does not answer; see {log}"


def speaks_tls(port):
    """Whether a handshake begins; that it is refused for want of a client certificate shows that as well."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, context.wrap_socket(connection):
            return True
    except ssl.SSLEOFError:
        return False
    except ssl.SSLError:
        return True
    except OSError:
        return False


def stop(process):
    """Ends the process group that `start_new_session` made: the application, and nothing else."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return
