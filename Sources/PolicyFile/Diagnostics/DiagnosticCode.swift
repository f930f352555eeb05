/// What is wrong, as a stable word: the wording of messages may get better, these never change their meaning.
package enum DiagnosticCode: String, Hashable, Sendable, CaseIterable {
    // The file.
    case unreadableFile = "unreadable-file"
    /// A file has more bytes than `PolicyLimits.fileBytes`.
    case fileTooLarge = "file-too-large"
    /// The files declare nothing; a warning.
    case noPolicies = "no-policies"
    /// More was found than `PolicyLimits.diagnostics`; the rest is counted, not kept.
    case tooManyDiagnostics = "too-many-diagnostics"

    // YAML.
    case yamlSyntax = "yaml-syntax"
    /// The bytes are not UTF-8, or they are UTF-16.
    case invalidUTF8 = "invalid-utf8"
    /// A character that YAML does not allow, such as NUL.
    case controlCharacter = "control-character"
    /// Lists and mappings inside each other, deeper than `PolicyLimits.depth`.
    case tooDeep = "too-deep"
    /// More values than `PolicyLimits.nodes`, aliases counted as what they stand for.
    case tooManyNodes = "too-many-nodes"
    /// More documents in one file than `PolicyLimits.documents`.
    case tooManyDocuments = "too-many-documents"
    /// A tag such as `!!str`: what a value means is decided by its key.
    case tagNotAllowed = "tag-not-allowed"
    /// `<<`: a merge key hides what a mapping holds.
    case mergeKey = "merge-key"
    /// A key that is a list, a mapping, empty or too long.
    case keyNotText = "key-not-text"
    case duplicateKey = "duplicate-key"
    /// `*name` where no `&name` stands before it, or inside its own value.
    case unknownAlias = "unknown-alias"

    // Keys and values.
    case unknownKey = "unknown-key"
    case missingKey = "missing-key"
    case missingValue = "missing-value"
    /// A list where a mapping is wanted, a text where a list is, and so on.
    case wrongType = "wrong-type"
    case unknownWord = "unknown-word"
    /// A text that is too long, or has characters that nobody can see.
    case invalidText = "invalid-text"
    /// A name that is none: not a DNS label, or not a node's name.
    case invalidName = "invalid-name"
    /// A duration that is not of the form `1h30m`.
    case invalidDuration = "invalid-duration"
    /// A time of day that no clock shows, or is not written `02:00`.
    case invalidTime = "invalid-time"
    /// A date, or a date with a time, that does not exist or is not written `2026-12-06T02:00`.
    case invalidDate = "invalid-date"
    /// A number that is none, or out of range.
    case invalidNumber = "invalid-number"
    case invalidBoolean = "invalid-boolean"
    /// An amount of nodes that is neither a number nor a percentage.
    case invalidAmount = "invalid-amount"
    /// A cron expression that is none, or never matches.
    case invalidSchedule = "invalid-schedule"
    /// A recurrence rule (`rrule:`) that is none, or that nagi does not read.
    case invalidRule = "invalid-rule"
    /// A network that is not of the form `192.0.2.0/24`.
    case invalidNetwork = "invalid-network"
    /// An address that is not of the form `http://host:port/path`.
    case invalidURL = "invalid-url"
    case emptyList = "empty-list"
    case tooManyItems = "too-many-items"
    /// A secret is written down instead of where it can be read. An address that looks like one: a warning.
    case secretInText = "secret-in-text"
    case unknownKind = "unknown-kind"
    case unknownVersion = "unknown-version"
    /// Two keys that say different things about the same.
    case conflictingKeys = "conflicting-keys"
    /// `end` with a date alone, which people read both ways.
    case dateOnlyEnd = "date-only-end"

    // Calendar files (.ics).
    /// A line of an `.ics` file that is none, or a component that is not closed.
    case calendarSyntax = "calendar-syntax"
    /// A value of an `.ics` file that is none.
    case calendarValue = "calendar-value"
    /// Something of an `.ics` file that nagi does not read.
    case calendarUnsupported = "calendar-unsupported"
    /// Something of an `.ics` file that may be meant otherwise; a warning.
    case calendarDoubtful = "calendar-doubtful"

    // Policies by themselves.
    /// Two documents, spans or calendars of one name.
    case duplicateName = "duplicate-name"
    case duplicateNode = "duplicate-node"
    case duplicateAddress = "duplicate-address"
    /// Two clusters have a node at the same address.
    case nodeInTwoClusters = "node-in-two-clusters"
    /// Nodes are looked for at an address that `discovery.allow` leaves out.
    case addressNotAllowed = "address-not-allowed"
    /// Some nodes of a cluster are embedded and some are not.
    case embeddedMixed = "embedded-mixed"
    /// An embedded node would listen where it cannot.
    case embeddedAddress = "embedded-address"
    /// A budget with which no node can ever be taken out.
    case budgetAllowsNothing = "budget-allows-nothing"
    /// A budget with which all nodes can be out at once.
    case budgetTakesAll = "budget-takes-all"
    /// A budget that the quorum of the cluster contradicts.
    case budgetBreaksQuorum = "budget-breaks-quorum"
    /// More canary nodes than the first group has, or none would follow.
    case canaryTooLarge = "canary-too-large"
    case nodeInNoGroup = "node-in-no-group"
    case nodeInTwoGroups = "node-in-two-groups"
    /// Observations are stale before the next one is made; where some may be before they are there, a warning.
    case staleTooEarly = "stale-too-early"
    /// A span of length 0, or one that starts when it ends.
    case windowEmpty = "window-empty"
    /// A span that happens at no time, whatever the date is today.
    case windowNeverOpens = "window-never-opens"
    case windowEndsBeforeStart = "window-ends-before-start"
    /// One node may need longer than a window lasts (the sum is shown): always, or on the days that are named because
    /// clocks change or an exclusion takes a part; a warning. An error where no node ever starts, because only those that
    /// fit are.
    case windowTooShort = "window-too-short"
    /// No node starts in a window because the cutoff is as long as it is: always, an error; on the days that are named
    /// because clocks change or an exclusion takes a part, a warning.
    case cutoffTooLong = "cutoff-too-long"
    case calendarEmpty = "calendar-empty"
    /// Cron with day of month and day of week: either is enough; a warning.
    case dayOrWeekday = "day-or-weekday"
    case missingTimeZone = "missing-time-zone"
    case unknownTimeZone = "unknown-time-zone"
    /// Something that changes nothing where it stands; a warning.
    case hasNoEffect = "has-no-effect"

    /// More nodes at once than the cluster's budget ever allows; a warning.
    case waveOverBudget = "wave-over-budget"

    // Looking ahead from a given instant: warnings, so that nothing becomes wrong by waiting.
    /// A window whose last occurrence is past.
    case windowOver = "window-over"
    /// A window that does not open within 400 days, but later.
    case windowFarAway = "window-far-away"
    /// Exclusions take every occurrence, or at least three in a row over three weeks or more.
    case excludedForLong = "excluded-for-long"
    /// One node may need longer than the longest opening of 400 days, exclusions subtracted.
    case neverFinishes = "never-finishes"
    /// On a day on which clocks are set forward a span does not happen.
    case dstSkips = "dst-skips"
    /// On a day on which clocks are set forward a span starts later, and `dst.gap` does not say that this is meant.
    case dstShifts = "dst-shifts"
    /// On a day on which clocks are set back a start is shown twice, and `dst.overlap` does not say which is meant.
    case dstTwice = "dst-twice"
    /// A duration of whole days, which are elapsed hours, does not end at midnight when clocks change in between.
    case dstDayLength = "dst-day-length"
    /// Two policies may act on the same node at the same time.
    case policiesOverlap = "policies-overlap"
    /// An exclusion of whole days in another time zone than the windows that it is about.
    case freezeInAnotherZone = "freeze-in-another-zone"
    /// A freeze of one policy is none of another one's that acts on the same nodes.
    case freezeNotShared = "freeze-not-shared"

    // Sequences.
    /// A step where it cannot be.
    case stepOrder = "step-order"
    /// A `verify` without anything to verify.
    case verifiesNothing = "verifies-nothing"
    /// `ready` before `restore` in a cluster: a blocked node is never ready.
    case readyWhileBlocked = "ready-while-blocked"
    /// A disruptive step before which nothing drains the node.
    case disruptiveWithoutDrain = "disruptive-without-drain"
    /// A disruptive step may start with live sessions; a warning.
    case cutsLiveCalls = "cuts-live-calls"
    /// An approval after the node was taken out of service, which would stay so until somebody answers.
    case approvalWhileOut = "approval-while-out"
    /// A disruptive command in a standalone cluster, where nothing shows which node an address belongs to; a note.
    case identityNotShown = "identity-not-shown"
    /// The program of a command is neither an absolute path nor one that starts with `./`.
    case bareCommandName = "bare-command-name"
    /// The program of a command is not on the machine that was asked, or is a directory; a warning.
    case commandNotFound = "command-not-found"
    /// The program of a command is there, and may not be run; a warning.
    case commandNotExecutable = "command-not-executable"
    /// An argument looks as if a shell read it, but there is none; a warning.
    case noShell = "no-shell"
    /// Less time than one step may take is allowed without progress; a warning.
    case progressDeadlineShort = "progress-deadline-short"
    /// Nothing would ever give the node back.
    case neverRestored = "never-restored"
    /// `{revision}` in a policy that has none.
    case revisionOutsideRollout = "revision-outside-rollout"
    /// `{…}` that stands for nothing.
    case unknownPlaceholder = "unknown-placeholder"

    // References.
    case unknownCalendar = "unknown-calendar"
    case unknownCluster = "unknown-cluster"
    case unknownSequence = "unknown-sequence"
    case unknownNotification = "unknown-notification"
    case unknownPolicy = "unknown-policy"
    case unknownNode = "unknown-node"
    /// No selected node has that label, or some have it not and a text is about each of them; a warning.
    case unknownLabel = "unknown-label"
    case selectorMatchesNothing = "selector-matches-nothing"
}
