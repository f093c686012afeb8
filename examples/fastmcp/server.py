"""A FastMCP server in a Lambda function of its own, behind Postern's edge and authorizer.

The three troubles of FastMCP on Lambda, without switching anything off:
- its host check stays on: `PublicHost` restores the public host, with proof that CloudFront sent it;
- no session outlives a request (`stateless_http`), because the next one may meet another instance;
- every invocation gets a session manager of its own, because one can run only once.
"""

import base64
import hashlib
import hmac
import json
import os
from contextlib import asynccontextmanager

import jwt
from fastapi import FastAPI
from mangum import Mangum
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.fastmcp import FastMCP
from mcp.server.transport_security import TransportSecuritySettings

MCP_URL = os.environ["POSTERN_MCP_URL"]
PUBLIC_HOST = os.environ["POSTERN_PUBLIC_HOST"]
ISSUER = os.environ["TOKEN_ISSUER"]
ORIGIN_SECRETS = os.environ["POSTERN_ORIGIN_SECRET_SHA256"].split(",")
KEYS = {key["kid"]: jwt.PyJWK(key) for key in json.loads(os.environ["POSTERN_JWKS"])["keys"]}


class PinnedKeys(TokenVerifier):
    """Verifies what the authorizer has let through once more: nobody is trusted for being near."""

    async def verify_token(self, token: str) -> AccessToken | None:
        try:
            key = KEYS[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=ISSUER,
                audience=MCP_URL,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except (KeyError, jwt.InvalidTokenError):
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims.get("scope", "").split(),
            expires_at=claims["exp"],
            subject=claims["sub"],
        )


class PublicHost:
    """Puts the public name into `Host`, only where the secret proves that CloudFront sent it."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            digest = hashlib.sha256(headers.get(b"x-origin-verify", b"")).digest()
            proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if any(hmac.compare_digest(proof, known) for known in ORIGIN_SECRETS):
                host = headers.get(b"x-mcp-public-host", b"")
                headers[b"host"] = host
            for name in (b"x-origin-verify", b"x-mcp-public-host"):
                headers.pop(name, None)
            scope = {**scope, "headers": list(headers.items())}
        await self.app(scope, receive, send)


def build_app() -> PublicHost:
    server = FastMCP(
        "fastmcp-notes",
        stateless_http=True,
        json_response=True,
        token_verifier=PinnedKeys(),
        auth=AuthSettings(issuer_url=ISSUER, resource_server_url=MCP_URL),
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[PUBLIC_HOST],
            allowed_origins=[f"https://{PUBLIC_HOST}"],
        ),
    )

    @server.tool()
    def whoami() -> str:
        """Says who is calling, from the verified token."""
        token = get_access_token()
        return "nobody" if token is None else f"{token.subject} via {token.client_id}"

    @asynccontextmanager
    async def lifespan(_app):
        async with server.session_manager.run():
            yield

    app = FastAPI(lifespan=lifespan)
    app.mount("/", server.streamable_http_app())
    return PublicHost(app)


def handler(event, context):
    return Mangum(build_app(), lifespan="auto")(event, context)
