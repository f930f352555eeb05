// Nominal starts of recurrence rules by libical. Each line of the input holds an id, a rule, the start and the last
// local time that is wanted (20260101T020000), separated by tabs; each line of the output the id, a tab, and the starts,
// separated by blanks, or an exclamation mark and the reason why there are none.
#include <libical/ical.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 200000 };

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
    icalerror_set_errors_are_fatal(0);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *id = strtok(line, "\t"), *rule = strtok(NULL, "\t"), *start = strtok(NULL, "\t");
        char *last = strtok(NULL, "\t");
        if (last == NULL) return 2;
        printf("%s\t", id);
        answer(rule, start, last);
        printf("\n");
    }
    return 0;
}
