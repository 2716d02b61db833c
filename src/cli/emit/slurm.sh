#!/bin/sh
# @SHARDS@ shards of one run as a job array, and a merge after them. Written by `authbench emit slurm`.
# The folder of records has to be seen by all nodes. The script prints the number of the merge job; its exit code is the
# verdict: `sacct -j NUMBER -o ExitCode`, or run the script with WAIT=1.
set -eu
records=${RECORDS:-@RECORDS@}/@NAME@-$(date +%Y%m%dT%H%M%S)
mkdir -p "$records"
export records
# all shards need the same seed, and each run another one
seed=$(date +%s)
export seed
# secrets come from the environment of whoever submits
export @VARIABLE@

shards=$(sbatch --parsable --job-name=@NAME@ --array=1-@SHARDS@ --ntasks=1 --cpus-per-task=${CPUS:-2} \
    --no-requeue --export=ALL --output="$records/shard-%a.log" <<'JOB'
#!/bin/sh
# SLURM_ARRAY_TASK_ID, _MIN and _COUNT name the shard
exec authbench run @SCENARIOS@@ONLY@ --seed "$seed" --barrier "$records/barrier" --report "jsonl=$records/shard-{shard}.jsonl"
JOB
)

# afterany: the merge runs whatever became of the shards, and names those that are missing
merge=$(sbatch --parsable --job-name=@NAME@-merge --dependency=afterany:"$shards" --export=ALL \
    --output="$records/merge.log" ${WAIT:+--wait} <<'JOB'
#!/bin/sh
exec authbench merge "$records" --expect @SHARDS@ \
    --report "html=$records/merged/report.html,json=$records/merged/report.json,jsonl=$records/merged/run.jsonl"
JOB
) && code=0 || code=$?
echo "shards: $shards, merge: $merge, records: $records"
exit "$code"
