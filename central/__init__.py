"""The central server: takes documents in durably, lets people work on them, hands them to pôles."""
