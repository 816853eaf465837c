"""Is it down, is it my network, or is it only talk?"""

__version__ = "0.1.0"
