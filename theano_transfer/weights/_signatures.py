SIGNATURES: dict = {}
