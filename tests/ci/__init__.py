"""The files of docs/ci/, each read or run by the tool that it is for."""
