/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "channels-names.h"
#include "load-message.h"
#include "load-options.h"
#include "load-tab.h"
#include "load-usage.h"

/* What somebody waits for who wants little of a channelsd, whatever others want of it.
 *
 *     bench-probe PORT RATE [--seconds=SECONDS]
 *
 * In turns, RATE times a second: a new connection, from its connect() to the answer to its upgrade;
 * an event of the one tab of a group, from the tab and back; a call of SendToGroup to that tab, on
 * the bus of DBUS_SESSION_BUS_ADDRESS, from the call to its answer. "late" is how long after its
 * time the probe itself woke up: so much of the others may be this machine's and not the server's.
 * Prints one JSON object; the exit status is 0 where each event came once and in order, 1 where
 * not, and 2 where there is nothing to measure. */

#define GROUP "chat_probe"
#define TAB_PATH "/ws/chat/probe/"
#define DOOR_PATH "/ws/chat/door/"
#define TEXT_SIZE 64
#define PATIENCE (30 * G_GINT64_CONSTANT (1000000000)) /* ns */
#define PATIENCE_MS 30000
#define WAIT_MS 50
#define NS_PER_S G_GINT64_CONSTANT (1000000000)
#define NS_PER_US 1e3

enum
{
  EXIT_CHECK_FAILED = 1,
  EXIT_NO_RUN = 2,
};

typedef struct
{
  GDBusConnection *bus; /* (owned) */
  LoadOptions tab_options;
  LoadOptions door_options; /* of new connections */
  LoadTabs *tabs;           /* (owned): one, that stays */
  LoadMessage message;
  LoadHistogram upgrades;
  LoadHistogram events;
  LoadHistogram calls;
  LoadHistogram late;
} Probe;

/* Waits until the tab has got what is under way; FALSE where it does not. */
static gboolean
wait_for_tab (Probe *self)
{
  const LoadLedger *ledger = self->tabs->ledger;
  gint64 deadline = load_now () + PATIENCE;

  while (ledger->n_complete != ledger->n_sent && self->tabs->n_closed == 0 &&
         load_now () < deadline)
    load_tabs_wait (self->tabs, WAIT_MS);

  return ledger->n_complete == ledger->n_sent;
}

static gboolean
probe_upgrade (Probe *self)
{
  g_autoptr (LoadTabs) door = load_tabs_new (&self->door_options);
  gint64 start = load_now ();
  gboolean is_in = load_tabs_connect (door);

  load_histogram_add (&self->upgrades, load_now () - start);

  return is_in;
}

static gboolean
probe_event (Probe *self)
{
  gint64 start = load_now ();
  gboolean has_come;

  load_message_publish (&self->message, self->tabs, 1);
  has_come = wait_for_tab (self);
  load_histogram_add (&self->events, load_now () - start);

  return has_come;
}

static gboolean
probe_call (Probe *self)
{
  char text[TEXT_SIZE + 1] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  gint64 start = load_now ();

  memset (text, 'x', TEXT_SIZE);
  text[0] = LOAD_MARK;
  load_ledger_send (self->tabs->ledger, start, text + 1);
  answer = g_dbus_connection_call_sync (
      self->bus, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, CHANNELS_BUS_INTERFACE, "SendToGroup",
      g_variant_new ("(ss)", GROUP, text), G_VARIANT_TYPE ("(uu)"), G_DBUS_CALL_FLAGS_NONE,
      PATIENCE_MS, NULL, &error);
  load_histogram_add (&self->calls, load_now () - start);
  if (answer == NULL)
    g_printerr ("bench-probe: %s\n", error->message);

  return answer != NULL && wait_for_tab (self);
}

/* Sleeps until @next, and puts down how long beyond it. */
static void
sleep_until (Probe *self, gint64 next)
{
  const struct timespec time = { .tv_sec = (time_t) (next / NS_PER_S),
                                 .tv_nsec = (long) (next % NS_PER_S) };

  if (load_now () >= next)
    return;
  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0)
    ;
  load_histogram_add (&self->late, load_now () - next);
}

static gboolean
run (Probe *self, double rate, double seconds)
{
  static gboolean (*const probes[]) (Probe *) = { probe_upgrade, probe_event, probe_call };
  gint64 period = (gint64) ((double) NS_PER_S / rate);
  gint64 next = load_now ();
  gint64 end = next + (gint64) (seconds * (double) NS_PER_S);

  for (guint i = 0; next < end || i < G_N_ELEMENTS (probes); i++)
    {
      if (!probes[i % G_N_ELEMENTS (probes)](self))
        return FALSE;
      next = MAX (next + period, load_now ());
      sleep_until (self, next);
    }

  return TRUE;
}

static void
report_times (const char *name, const LoadHistogram *times)
{
  printf ("\"%s\": {\"n\": %" G_GUINT64_FORMAT ", \"p50_us\": %.1f, \"p99_us\": %.1f, "
          "\"max_us\": %.1f}, ",
          name, times->total, (double) load_histogram_get (times, 0.5) / NS_PER_US,
          (double) load_histogram_get (times, 0.99) / NS_PER_US,
          (double) times->longest / NS_PER_US);
}

static gboolean
report (const Probe *self)
{
  const LoadLedger *ledger = self->tabs->ledger;

  printf ("{");
  report_times ("upgrade", &self->upgrades);
  report_times ("event", &self->events);
  report_times ("call", &self->calls);
  report_times ("late", &self->late);
  printf ("\"lost\": %" G_GUINT64_FORMAT ", \"overtaken\": %" G_GUINT64_FORMAT
          ", \"twice\": %" G_GUINT64_FORMAT ", \"alien\": %" G_GUINT64_FORMAT "}\n",
          load_ledger_count_lost (ledger), ledger->n_late, ledger->n_twice, ledger->n_alien);

  return ledger->n_late + ledger->n_twice + ledger->n_alien == 0;
}

int
main (int argc, char *argv[])
{
  Probe probe = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new ("PORT RATE");
  double seconds = 1;
  const GOptionEntry entries[] = {
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "How long", "S" },
    G_OPTION_ENTRY_NULL,
  };
  int status = EXIT_NO_RUN;
  gboolean all;
  int port;
  double rate;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 3)
    {
      g_printerr ("bench-probe: %s\n", error != NULL ? error->message : "PORT RATE");
      return EXIT_NO_RUN;
    }
  port = (int) g_ascii_strtoll (argv[1], NULL, 10);
  rate = g_ascii_strtod (argv[2], NULL);
  probe.bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (port <= 0 || port > G_MAXUINT16 || rate <= 0 || probe.bus == NULL)
    {
      g_printerr ("bench-probe: %s\n", error != NULL ? error->message : "out of range");
      return EXIT_NO_RUN;
    }

  load_options_init_chat (&probe.tab_options, port, TAB_PATH, 1);
  load_options_init_chat (&probe.door_options, port, DOOR_PATH, 1);
  load_message_init (&probe.message, &probe.tab_options);
  probe.tabs = load_tabs_new (&probe.tab_options);
  if (load_tabs_connect (probe.tabs))
    {
      all = run (&probe, rate, seconds);
      status = report (&probe) && all ? EXIT_SUCCESS : EXIT_CHECK_FAILED;
    }

  load_tabs_free (probe.tabs);
  load_message_clear (&probe.message);
  load_options_clear (&probe.door_options);
  load_options_clear (&probe.tab_options);
  g_object_unref (probe.bus);

  return status;
}
