"""Pages of other origins that may ask: what browsers want to be told (CORS)."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from web.edge import correlation
from web.limits.opening import rules_of
from web.settings import GatewaySettings

_HOUR_SECONDS = 3_600


def cross_origin(settings: GatewaySettings) -> list[Middleware]:
    """For the origins of the settings; none: no page of another origin reads an answer."""
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if not origins:
        return []
    used = [rule.header for rule in rules_of(settings).in_headers]
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["X-MBX-APIKEY", "X-MBX-TIME-UNIT", "Content-Type", correlation.HEADER],
            # Whoever signs requests has a key: no cookie takes part.
            allow_credentials=False,
            expose_headers=[*used, "Retry-After", correlation.HEADER],
            max_age=_HOUR_SECONDS,
        )
    ]
