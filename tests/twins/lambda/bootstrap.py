"""The Python runtime inside a function's process.

Arguments: folder of the code, handler as configured, and `guard` where every connect has to be
refused. Python functions keep the clock of the host.
"""

import importlib
import json
import os
import socket
import sys
import time
import traceback

root, configured, network = sys.argv[1:4]
channel = socket.socket(fileno=3)


def send(report):
    channel.sendall((json.dumps(report) + "\n").encode())


def to_error(error):
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "trace": traceback.format_exc().split("\n"),
    }


def log(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Context:
    def __init__(self, invocation):
        self._deadline = time.monotonic() + invocation["timeoutMilliseconds"] / 1000
        self.aws_request_id = invocation["requestId"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = "arn:aws:lambda:%s:111122223333:function:%s" % (
            os.environ["AWS_REGION"],
            self.function_name,
        )

    def get_remaining_time_in_millis(self):
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def refuse(*_):
    raise OSError("this function has no network")


def load_handler():
    module, name = configured.rsplit(".", 1)
    sys.path.insert(0, root)
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def run(handler, invocation):
    request_id = invocation["requestId"]
    try:
        payload = json.loads(json.dumps(handler(invocation["event"], Context(invocation))))
        report = {"kind": "result", "requestId": request_id, "payload": payload}
    except Exception as error:
        report = {"kind": "error", "requestId": request_id, "error": to_error(error)}
        log("[ERROR] " + json.dumps(report["error"]))
    log("END RequestId: " + request_id)
    send(report)


if network == "guard":
    socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse
    socket.getaddrinfo = refuse

try:
    function = load_handler()
except Exception as error:
    log("[ERROR] " + json.dumps(to_error(error)))
    send({"kind": "init-error", "error": to_error(error)})
    sys.exit()

send({"kind": "initialized"})
for line in channel.makefile("r", encoding="utf-8"):
    run(function, json.loads(line))
