#!/bin/sh
# A Slurm cluster of one node on the loopback interface, for trying `authbench emit slurm`: slurmctld and slurmd of Debian's
# packages (apt-get install slurmctld slurmd slurm-client), without authentication, as root.
#   cluster.sh start FOLDER    writes FOLDER/slurm.conf; then: export SLURM_CONF=FOLDER/slurm.conf
#   cluster.sh stop FOLDER
set -eu
case "$1" in
start)
    folder=$(mkdir -p "$2" && cd "$2" && pwd)
    mkdir -p "$folder/state" "$folder/spool"
    cat > "$folder/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$(hostname)(127.0.0.1)
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
MaxArraySize=1001
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=64 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    slurmctld -f "$folder/slurm.conf" -L "$folder/slurmctld.log"
    slurmd -f "$folder/slurm.conf" -L "$folder/slurmd.log"
    export SLURM_CONF="$folder/slurm.conf"
    for _ in $(seq 100); do
        case $(sinfo -h -o %t 2>/dev/null) in idle*|mix*) exit 0 ;; esac
        sleep 0.2
    done
    echo "the node is not idle: $(sinfo 2>&1); see $folder/*.log" >&2
    exit 1
    ;;
stop)
    for daemon in slurmd slurmctld; do
        if [ -s "$2/$daemon.pid" ]; then kill "$(cat "$2/$daemon.pid")" 2>/dev/null || true; fi
    done
    ;;
*)
    echo "expected start or stop" >&2
    exit 2
    ;;
esac
