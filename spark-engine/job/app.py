"""The application that `smspark-submit` runs."""

import sys

from spark_engine.processing_job import main

sys.exit(main())
