"""Methods of others that chapter 08 compares: each learns from faces and gives videos of others a logit."""
