"""A believable bureau with a campaign at a chosen stage: for trying the platform out, for tests and for measuring."""
