// Its content follows.
