"""The response headers of the site.

The development server sends them, hosts that read `_headers` do, and the service worker sets them where a
host sends none.
"""

# WebAssembly needs 'wasm-unsafe-eval'; pictures of the person's own arrive as blob: and data: addresses.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)

HEADERS = {
    # frame-ancestors counts in a header only: browsers ignore it in a <meta> and complain.
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

IMMUTABLE = "public, max-age=31536000, immutable"
SHORT_LIVED = "no-cache"
