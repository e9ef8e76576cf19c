"""Architectures: one file each, found by its name (``architectures.<name>.model`` in config.yaml).

To add one, drop a file into this folder with

- ``Config``: a frozen dataclass of its knobs, without defaults, checked in ``__post_init__``;
- ``build(config, num_classes, image_size, channels) -> torch.nn.Module``: a network from images (batch, channels,
  image_size, image_size) to logits (batch, num_classes), initialised from torch's global generator, which the caller
  seeds; raises ``ConfigError`` if the network does not accept such images;
- ``EXAMPLE``: knobs of a tiny network for 8x8 images, used by the tests that all architectures share
  (tests/unit/models/test_models.py).
"""
