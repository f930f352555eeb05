// Next occurrences by rrule-go and robfig/cron: next rrule|cron|nth ZONE RULE QUERIES ANSWERS NUMBER
//
// Each line of the input runs all queries once and is answered with the nanoseconds of processor that they took. `nth` is the second
// Sunday, which robfig/cron cannot say: it is asked for the days 8 to 14 until one is a Sunday.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/robfig/cron"
	"github.com/teambition/rrule-go"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Nanoseconds of processor so far.
func processor() int64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	zone, err := time.LoadLocation(os.Args[2])
	must(err)
	text, err := os.ReadFile(os.Args[4])
	must(err)
	number, err := strconv.Atoi(os.Args[6])
	must(err)
	var queries []time.Time
	for _, line := range strings.Fields(string(text))[:number] {
		seconds, err := strconv.ParseInt(line, 10, 64)
		must(err)
		queries = append(queries, time.Unix(seconds, 0).In(zone))
	}
	var next func(time.Time) time.Time
	switch os.Args[1] {
	case "rrule":
		option, err := rrule.StrToROptionInLocation(os.Args[3], zone)
		must(err)
		start := option.Dtstart
		rule, err := rrule.NewRRule(*option)
		must(err)
		next = func(t time.Time) time.Time {
			// Begun anew two months before: from its own start it would count through all the years.
			rule.DTStart(time.Date(t.Year(), t.Month()-2, 1, start.Hour(), start.Minute(), 0, 0, zone))
			return rule.After(t, false)
		}
	default:
		schedule, err := cron.ParseStandard("CRON_TZ=" + os.Args[2] + " " + os.Args[3])
		must(err)
		next = schedule.Next
		if os.Args[1] == "nth" {
			next = func(t time.Time) time.Time {
				for t = schedule.Next(t); t.Weekday() != time.Sunday; t = schedule.Next(t) {
				}
				return t
			}
		}
	}
	var answers strings.Builder
	for _, query := range queries {
		fmt.Fprintln(&answers, next(query).Unix())
	}
	must(os.WriteFile(os.Args[5], []byte(answers.String()), 0o644))
	fmt.Println("ready")
	var sum int64
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		begun := processor()
		for _, query := range queries {
			sum += next(query).Unix()
		}
		fmt.Println(processor() - begun)
	}
	if sum == 1 {
		fmt.Fprintln(os.Stderr, sum)
	}
}
