"""The command ``theano-transfer``: one module for each of its commands."""

from theano_transfer.cli._main import main as main
