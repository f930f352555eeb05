/// Words of other tools, and what they are called here. The first one that is possible at the place is suggested.
enum LookAlikes {
    static func word(for other: String, among possible: [String]) -> String? {
        let folded = String(other.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" })
        return words[folded]?.first { possible.contains($0) }
    }

    private static let words: [String: [String]] = [
        "abort": ["restore", "stay"], "address": ["api"], "apiurl": ["api"], "baketime": ["soak"],
        "batchsize": ["maxUnavailable"], "begin": ["start"], "blackout": ["exclusions"], "blackouts": ["exclusions"],
        "blackoutwindows": ["exclusions"], "block": ["proceed"], "cmd": ["command"], "concurrency": ["maxUnavailable"],
        "continue": ["proceed", "finish", "stay"], "cordon": ["block"], "cron": ["schedule"],
        "crontab": ["schedule"], "delay": ["wait", "pauseBetweenNodes"], "denywindows": ["exclusions"],
        "deployment": ["Rollout"], "disabled": ["suspend"], "downtime": ["MaintenanceWindow", "windows"],
        "draintimeout": ["deadline"], "endpoint": ["api"], "exec": ["run"],
        "fail": ["abort", "stay"], "force": ["proceed"], "freeze": ["exclusions"], "freezes": ["exclusions"],
        "halt": ["stay", "abort", "restore"], "health": ["ready", "verify"], "healthcheck": ["verify"],
        "hold": ["stay"], "hosts": ["nodes"], "keep": ["stay"], "location": ["timeZone"],
        "maintenance": ["MaintenanceWindow"], "maxerrors": ["maxFailures"], "maxparallel": ["maxUnavailable"],
        "members": ["nodes"], "minavailablereplicas": ["minAvailable"], "minhealthytime": ["soak"],
        "minreadyseconds": ["soak"], "notafter": ["endDate"], "notallowed": ["exclusions"],
        "notallowedate": ["exclusions"], "notalloweddates": ["exclusions"], "notbefore": ["startDate"],
        "oncutoff": ["onWindowEnd"], "ontimeout": ["onDeadline"], "overrun": ["onWindowEnd"],
        "parallelism": ["maxUnavailable"], "pause": ["wait", "stay", "restore", "pauseBetweenNodes"],
        "pausebetweenbatches": ["pauseBetweenNodes"], "paused": ["suspend"], "plan": ["Rollout"],
        "policy": ["MaintenanceWindow"], "probe": ["verify"], "readiness": ["ready"], "reopen": ["restore"],
        "resume": ["restore"], "revert": ["restore"], "rollback": ["restore"], "schedule": ["MaintenanceWindow"],
        "script": ["run"], "serial": ["maxUnavailable"], "servers": ["nodes"], "shell": ["run"],
        "sleep": ["wait"], "steps": ["sequence"], "stop": ["abort", "stay", "block"], "syncoverrun": ["onWindowEnd"],
        "syncwindows": ["windows"],
        "target": ["selector", "cluster"], "targets": ["selector"], "timeout": ["deadline", "cutoff"],
        "timezone": ["timeZone"], "tz": ["timeZone"], "uncordon": ["restore"], "unblock": ["restore"],
        "undrain": ["restore"], "update": ["strategy"], "updatestrategy": ["strategy"], "upgrade": ["Rollout", "run"],
        "uri": ["api"], "url": ["api"],
        "utcoffset": ["timeZone"], "version": ["revision"], "window": ["MaintenanceWindow", "windows"],
        "workflow": ["Sequence", "sequence"], "zone": ["timeZone"],
    ]
}
