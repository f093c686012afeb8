"""The recipe's server: FastMCP behind FastAPI and Mangum, with as many of its cures as SETTING says."""

import os
from contextlib import asynccontextmanager

from fastapi import FastAPI
from mangum import Mangum
from mcp.server.fastmcp import FastMCP
from mcp.server.transport_security import TransportSecuritySettings

CURES = os.environ.get("CURES", "").split()
options = {}
if "no-host-check" in CURES:
    options["transport_security"] = TransportSecuritySettings(enable_dns_rebinding_protection=False)
if "stateless" in CURES:
    options["stateless_http"] = True

mcp = FastMCP("recipe", **options)


@mcp.tool()
def ping() -> str:
    return "pong"


@asynccontextmanager
async def lifespan(_app):
    if "run-twice" in CURES:
        mcp.session_manager._has_started = False
    async with mcp.session_manager.run():
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/", mcp.streamable_http_app())
handler = Mangum(app, lifespan="auto")
