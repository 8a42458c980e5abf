#!/bin/bash
# The entry point of a processing job in AWS's Spark image. Each host of the job runs it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export SPARK_ENGINE_ML_DIR=${SPARK_ENGINE_ML_DIR:-/opt/ml}
# The image's PATH begins with /usr/bin, whose python3 is not the one that Spark uses.
export PYSPARK_PYTHON=${PYSPARK_PYTHON:-python3}
export PYTHONPATH=$here/packages:$here${PYTHONPATH:+:$PYTHONPATH}
"$PYSPARK_PYTHON" -m spark_engine.packages "$here"
"$PYSPARK_PYTHON" -m spark_engine.prepare "$here/inputs.json"
# Spark's own messages can quote data.
export SPARK_SUBMIT_OPTS="${SPARK_SUBMIT_OPTS:-} -Dlog4j2.configurationFile=$here/spark_engine/log4j2.properties"
# smspark-submit passes its arguments to a shell, so there is only this path.
exec smspark-submit "$here/app.py" "$here/inputs.json"
