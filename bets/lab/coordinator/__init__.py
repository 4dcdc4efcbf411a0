"""The coordinator: an HTTP server that passes payloads and updates on, and its clients."""
