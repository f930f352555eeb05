// Nominal starts of recurrence rules by libical. Each line of the input holds an id, a rule, the start and the last
// local time that is wanted (20260101T020000), separated by tabs; each line of the output the id, a tab, and the starts,
// separated by blanks, or an exclamation mark and the reason why there are none. Some rules it never finishes: half a second each.
#include <libical/ical.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

enum { MOST = 200000 };

static sigjmp_buf gave_up;

static void give_up(int signal) {
    (void)signal;
    siglongjmp(gave_up, 1);
}

static void limit(long microseconds) {
    struct itimerval timer = {{0, 0}, {0, microseconds}};
    setitimer(ITIMER_PROF, &timer, NULL);
}

static void answer(const char *rule, const char *start, const char *last) {
    struct icalrecurrencetype recurrence = icalrecurrencetype_from_string(rule);
    if (icalerrno != ICAL_NO_ERROR || recurrence.freq == ICAL_NO_RECURRENCE) {
        printf("!%s", icalerror_strerror(icalerrno));
        icalerror_clear_errno();
        return;
    }
    struct icaltimetype end = icaltime_from_string(last);
    icalrecur_iterator *iterator = icalrecur_iterator_new(recurrence, icaltime_from_string(start));
    if (iterator == NULL) {
        printf("!%s", icalerror_strerror(icalerrno));
        icalerror_clear_errno();
        return;
    }
    const char *blank = "";
    for (int number = 0; number < MOST; number++) {
        struct icaltimetype next = icalrecur_iterator_next(iterator);
        if (icaltime_is_null_time(next) || icaltime_compare(next, end) > 0) break;
        printf("%s%04d-%02d-%02dT%02d:%02d:%02d", blank, next.year, next.month, next.day, next.hour, next.minute,
               next.second);
        blank = " ";
    }
    icalrecur_iterator_free(iterator);
    icalerror_clear_errno();
}

int main(void) {
    char line[8192];
    signal(SIGPROF, give_up);
    icalerror_set_errors_are_fatal(0);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *id = strtok(line, "\t"), *rule = strtok(NULL, "\t"), *start = strtok(NULL, "\t");
        char *last = strtok(NULL, "\t");
        if (last == NULL) return 2;
        printf("%s\t", id);
        if (sigsetjmp(gave_up, 1) == 0) {
            limit(500000);
            answer(rule, start, last);
            limit(0);
        } else {
            printf("!gave up");
        }
        printf("\n");
    }
    return 0;
}
