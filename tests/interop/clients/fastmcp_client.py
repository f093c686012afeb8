"""An app on FastMCP's client: signs in where it has to, calls whoami, prints the answer."""

import asyncio
import os
import sys
import time
from pathlib import Path

# It refreshes by its own clock, never because it was refused; so its clock goes with the server's.
AHEAD = float(os.environ.get("CLOCK_AHEAD_SECONDS", "0"))
machine_time = time.time
time.time = lambda: machine_time() + AHEAD

from fastmcp import Client  # noqa: E402
from fastmcp.client.auth import OAuth  # noqa: E402
from key_value.aio.stores.filetree import (  # noqa: E402
    FileTreeStore,
    FileTreeV1CollectionSanitizationStrategy,
    FileTreeV1KeySanitizationStrategy,
)


async def main(url: str) -> None:
    folder = Path.home() / "tokens"
    folder.mkdir(exist_ok=True)
    # Without these a URL in a key is a folder that is not there.
    store = FileTreeStore(
        data_directory=folder,
        key_sanitization_strategy=FileTreeV1KeySanitizationStrategy(folder),
        collection_sanitization_strategy=FileTreeV1CollectionSanitizationStrategy(folder),
    )
    auth = OAuth(token_storage=store, callback_timeout=30)
    async with Client(url, auth=auth) as client:
        result = await client.call_tool("whoami")
        print(result.content[0].text)


asyncio.run(main(sys.argv[1]))
