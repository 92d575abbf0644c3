"""zenoimg: a serverless image watermark pipeline on AWS, deployed and operated from a terminal."""

__version__ = "0.1.0"
