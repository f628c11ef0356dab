/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "load-message.h"
#include "load-options.h"
#include "load-tab.h"
#include "load-usage.h"

/* The load client: as many browser tabs as wanted, one that publishes, and every delivery checked.
 *
 * A message is a mark, its number in eight hexadecimal digits, and padding up to the size. What
 * stands around it is the protocol's: any server can be measured that hands the message on as it
 * is, whatever it wraps around it.
 *
 * A server may let a tab in before other nodes know that it is there. So the publisher knocks until
 * each tab has heard it; from then on nothing may be lost.
 *
 * It prints one JSON object. The exit status is 0 where each tab got each message once and in
 * order, 1 where not, and 2 where there is nothing to measure: a bad option, no connection. SIGTERM
 * ends a run as its time does: what is under way then is waited for, and counts. */

#define NS_PER_S 1e9
#define NS_PER_US 1e3
#define WAIT_MS 50
#define KNOCK_PATIENCE (60 * G_GINT64_CONSTANT (1000000000)) /* ns */
#define KNOCK_FIRST (50 * G_GINT64_CONSTANT (1000000)) /* ns before the next; doubled each time */
#define DESCRIPTORS 64                                 /* more than one for each connection */

enum
{
  EXIT_CHECK_FAILED = 1,
  EXIT_NO_RUN = 2,
};

/* What was measured. */
typedef struct
{
  LoadUsage connecting;
  LoadUsage idle;
  LoadUsage run;
} Measures;

static volatile sig_atomic_t ended; /* by SIGTERM */

static void
on_sigterm (int number)
{
  ended = TRUE;
}

static gboolean
connect_all (LoadTabs *tabs, Measures *measures)
{
  const LoadOptions *options = tabs->options;
  LoadUsage before;
  LoadUsage after;
  gboolean all;

  load_usage_take (&before, options->pids);
  all = load_tabs_connect (tabs);
  load_usage_take (&after, options->pids);
  measures->connecting = load_usage_since (&after, &before);

  return all;
}

/* Knocks until each tab has heard it: FALSE where one does not. */
static gboolean
knock (LoadTabs *tabs, const LoadMessage *message)
{
  gint64 now = load_now ();
  gint64 deadline = now + KNOCK_PATIENCE;
  gint64 pause = KNOCK_FIRST;
  gint64 next = now;

  while (tabs->n_knocked < (guint) tabs->options->tabs && tabs->n_closed == 0 && now < deadline)
    {
      if (now >= next)
        {
          load_message_knock (message, tabs);
          next = now + pause;
          pause *= 2;
        }
      load_tabs_wait (tabs, WAIT_MS);
      now = load_now ();
    }

  if (tabs->n_knocked < (guint) tabs->options->tabs)
    g_printerr ("load-client: %u of %d tabs hear the publisher\n", tabs->n_knocked,
                tabs->options->tabs);

  return tabs->n_knocked == (guint) tabs->options->tabs;
}

static void
be_idle (LoadTabs *tabs, Measures *measures)
{
  gint64 end = load_now () + (gint64) (tabs->options->idle * NS_PER_S);
  LoadUsage before;
  LoadUsage after;

  load_usage_take (&before, tabs->options->pids);
  while (load_now () < end)
    load_tabs_wait (tabs, WAIT_MS);
  load_usage_take (&after, tabs->options->pids);
  measures->idle = load_usage_since (&after, &before);
}

/* A timer in the epoll set that strikes @rate times a second. */
static int
start_timer (LoadTabs *tabs, double rate)
{
  gint64 period = (gint64) (NS_PER_S / rate);
  struct timespec time = { .tv_sec = (time_t) (period / (gint64) NS_PER_S),
                           .tv_nsec = (long) (period % (gint64) NS_PER_S) };
  const struct itimerspec timer = { .it_interval = time, .it_value = time };
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
  int fd = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

  if (fd < 0 || timerfd_settime (fd, 0, &timer, NULL) != 0 ||
      epoll_ctl (tabs->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    g_error ("timer: %s", g_strerror (errno));

  return fd;
}

/* How many messages to publish now, if as many are under way as the ledger says. */
static guint
count_due (const LoadTabs *tabs, int timer, gboolean is_time)
{
  guint window = (guint) tabs->options->window;
  guint under_way = tabs->ledger->n_sent - tabs->ledger->n_complete;
  guint64 strikes;

  if (timer < 0)
    return under_way <= window / 2 ? window - under_way : 0;
  if (!is_time || under_way == window || read (timer, &strikes, sizeof strikes) < 0)
    return 0;

  return 1;
}

/* Publishes @messages (0: any number) for @seconds (0: any time), and waits for the deliveries.
 * Returns FALSE where they cease to come. */
static gboolean
run (LoadTabs *tabs, const LoadMessage *message, guint messages, double seconds, double rate)
{
  LoadLedger *ledger = tabs->ledger;
  gint64 patience = (gint64) (tabs->options->patience * NS_PER_S);
  gint64 last = load_now ();
  gint64 end = seconds > 0 ? last + (gint64) (seconds * NS_PER_S) : G_MAXINT64;
  guint64 n_deliveries = 0;
  guint left = messages > 0 ? messages : G_MAXUINT;
  int timer = rate > 0 ? start_timer (tabs, rate) : -1;
  gboolean is_time = FALSE;

  while (tabs->n_closed == 0)
    {
      gint64 now = load_now ();
      guint due = count_due (tabs, timer, is_time);
      gboolean is_over = ended || now >= end;

      due = is_over ? 0 : MIN (left, due);
      if (due > 0)
        load_message_publish (message, tabs, due);
      left -= due;
      if ((left == 0 || is_over) && ledger->n_complete == ledger->n_sent)
        break;

      if (due > 0 || ledger->n_deliveries != n_deliveries || ledger->n_complete == ledger->n_sent)
        last = now;
      if (now - last > patience)
        break;
      n_deliveries = ledger->n_deliveries;
      is_time = load_tabs_wait (tabs, WAIT_MS);
    }
  if (timer >= 0)
    close (timer);

  return ledger->n_complete == ledger->n_sent && tabs->n_closed == 0;
}

static gboolean
measure_run (LoadTabs *tabs, const LoadMessage *message, Measures *measures)
{
  const LoadOptions *options = tabs->options;
  LoadUsage before;
  LoadUsage after;
  gboolean all;

  if (options->messages == 0 && options->seconds <= 0)
    return TRUE;
  if (!knock (tabs, message))
    return FALSE;
  if (options->warm_up > 0 && !run (tabs, message, (guint) options->warm_up, 0, 0))
    return FALSE;

  if (options->tell)
    {
      printf ("Running\n");
      fflush (stdout);
    }
  load_ledger_reset (tabs->ledger);
  load_usage_take (&before, options->pids);
  all = run (tabs, message, (guint) options->messages, options->seconds, options->rate);
  load_usage_take (&after, options->pids);
  measures->run = load_usage_since (&after, &before);

  return all;
}

/* A quotient, 0 where there is nothing to divide by. */
static double
per (double value, double divisor)
{
  return divisor > 0 ? value / divisor : 0;
}

static void
report (const LoadTabs *tabs, const Measures *measures)
{
  const LoadOptions *options = tabs->options;
  const LoadLedger *ledger = tabs->ledger;
  const LoadUsage *run_usage = &measures->run;
  double deliveries = (double) ledger->n_deliveries;
  double seconds = (double) run_usage->time / NS_PER_S;
  double idle = (double) measures->idle.time / NS_PER_S;
  double connecting = (double) measures->connecting.time / NS_PER_S;

  printf ("{\"tabs\": %d, \"size\": %d, \"window\": %d, \"messages\": %u, \"seconds\": %.3f, ",
          options->tabs, options->size, options->window, ledger->n_sent - ledger->n_before,
          seconds);
  printf ("\"deliveries\": %" G_GUINT64_FORMAT ", \"lost\": %" G_GUINT64_FORMAT ", ",
          ledger->n_deliveries, load_ledger_count_lost (ledger));
  printf ("\"late\": %" G_GUINT64_FORMAT ", \"twice\": %" G_GUINT64_FORMAT
          ", \"alien\": %" G_GUINT64_FORMAT ", \"closed\": %u, ",
          ledger->n_late, ledger->n_twice, ledger->n_alien, tabs->n_closed);
  printf ("\"deliveries_per_s\": %.0f, \"events_per_s\": %.1f, ", per (deliveries, seconds),
          per (deliveries / options->tabs, seconds));
  printf (
      "\"server_us\": %.4f, \"server_load\": %.3f, \"client_us\": %.4f, \"client_load\": %.3f, ",
      per ((double) run_usage->cpu / NS_PER_US, deliveries),
      per ((double) run_usage->cpu, (double) run_usage->time),
      per ((double) run_usage->own_cpu / NS_PER_US, deliveries),
      per ((double) run_usage->own_cpu, (double) run_usage->time));
  printf ("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, ",
          (double) load_histogram_get (&ledger->latencies, 0.5) / NS_PER_US,
          (double) load_histogram_get (&ledger->latencies, 0.99) / NS_PER_US,
          (double) ledger->latencies.longest / NS_PER_US);
  printf ("\"connects_per_s\": %.0f, \"connect_us\": %.2f, \"bytes_per_tab\": %.0f, ",
          per (tabs->n_tabs, connecting),
          (double) measures->connecting.cpu / NS_PER_US / tabs->n_tabs,
          (double) measures->connecting.rss / tabs->n_tabs);
  printf ("\"idle_cpu_us_per_s\": %.1f, \"idle_switches_per_s\": %.2f}\n",
          per ((double) measures->idle.cpu / NS_PER_US, idle),
          per ((double) measures->idle.switches, idle));
}

static gboolean
raise_descriptors (guint n_tabs)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return FALSE;
  limit.rlim_cur = limit.rlim_max;

  return setrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= n_tabs + DESCRIPTORS;
}

int
main (int argc, char *argv[])
{
  g_auto (LoadOptions) options = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (LoadTabs) tabs = NULL;
  Measures measures = { 0 };
  LoadMessage message;
  gboolean all;

  if (!load_options_parse (&options, &argc, &argv, &error))
    {
      g_printerr ("load-client: %s\n", error->message);
      return EXIT_NO_RUN;
    }
  if (!raise_descriptors ((guint) options.tabs))
    {
      g_printerr ("load-client: too few file descriptors for %d tabs\n", options.tabs);
      return EXIT_NO_RUN;
    }

  signal (SIGTERM, on_sigterm);
  tabs = load_tabs_new (&options);
  if (!connect_all (tabs, &measures))
    {
      g_printerr ("load-client: %u of %u connections\n", tabs->n_ready, tabs->n_tabs);
      return EXIT_NO_RUN;
    }

  if (options.idle > 0)
    be_idle (tabs, &measures);
  load_message_init (&message, &options);
  all = measure_run (tabs, &message, &measures);
  report (tabs, &measures);
  load_message_clear (&message);

  return all && tabs->ledger->n_late + tabs->ledger->n_twice + tabs->ledger->n_alien == 0
             ? EXIT_SUCCESS
             : EXIT_CHECK_FAILED;
}
