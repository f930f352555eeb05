// Next occurrences by libical, called like next.go: next rrule ZONE RULE QUERIES ANSWERS NUMBER
//
// The rule is preceded by DTSTART=20260101T020000;. The iterator is begun anew two months before each query.
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static icaltimezone *zone;
static struct icalrecurrencetype rule;
static struct icaltimetype start;

static long next(long query) {
    struct icaltimetype near = icaltime_from_timet_with_zone(query, 0, zone);
    struct icaltimetype begin = near;
    begin.day = 1;
    begin.month -= 2;
    if (begin.month < 1) {
        begin.month += 12;
        begin.year--;
    }
    begin.hour = start.hour;
    begin.minute = start.minute;
    begin.second = 0;
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, begin);
    long found = -1;
    while (1) {
        struct icaltimetype time = icalrecur_iterator_next(iterator);
        if (icaltime_is_null_time(time)) break;
        // Local times first: the conversion is dear.
        if (icaltime_compare_date_only(time, near) < 0) continue;
        found = icaltime_as_timet_with_zone(time, zone);
        if (found > query) break;
    }
    icalrecur_iterator_free(iterator);
    return found;
}

int main(int count, char **arguments) {
    if (count != 7) return 2;
    icaltimezone_set_tzid_prefix("");
    zone = icaltimezone_get_builtin_timezone(arguments[2]);
    if (zone == NULL) return 3;
    start = icaltime_from_string(strndup(arguments[3] + strlen("DTSTART="), 15));
    rule = icalrecurrencetype_from_string(strchr(arguments[3], ';') + 1);
    int number = atoi(arguments[6]);
    long *queries = calloc((size_t)number, sizeof *queries);
    FILE *input = fopen(arguments[4], "r"), *output = fopen(arguments[5], "w");
    if (queries == NULL || input == NULL || output == NULL) return 4;
    for (int place = 0; place < number; place++) {
        if (fscanf(input, "%ld", &queries[place]) != 1) return 5;
        fprintf(output, "%ld\n", next(queries[place]));
    }
    fclose(output);
    puts("ready");
    fflush(stdout);
    char line[64];
    volatile long sum = 0;
    while (fgets(line, sizeof line, stdin)) {
        struct timespec begun, ended;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
        for (int place = 0; place < number; place++) sum += next(queries[place]);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
        printf("%ld\n", (ended.tv_sec - begun.tv_sec) * 1000000000L + ended.tv_nsec - begun.tv_nsec);
        fflush(stdout);
    }
    return 0;
}
