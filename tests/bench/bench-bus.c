/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels-names.h"
#include "load-options.h"
#include "load-tab.h"
#include "load-usage.h"

/* Calls on the bus, by plain GDBus: of channelsd, and of a service that does no more than count.
 *
 *     bench-bus serve                  the counting service; says that it is ready, and runs
 *     bench-bus flood [OPTION…]        calls, so many under way all the time
 *     bench-bus deliver [OPTION…]      one at a time: until the tab has the event
 *     bench-bus round-trip [OPTION…]   one at a time: until the caller has the answer
 *
 * The bus is DBUS_SESSION_BUS_ADDRESS. With --port channelsd is called, and one tab of its group
 * checks every event, by the ledger of the load client; without it the counting service is called,
 * and each of its answers must be the next number. Prints one JSON object; the exit status is 0
 * where everything came once and in order, 1 where not, and 2 where there is nothing to measure. */

#define COUNTER_NAME "org.example.ChannelsBench"
#define COUNTER_PATH "/org/example/ChannelsBench"

#define GROUP "chat_bus"
#define TAB_PATH "/ws/chat/bus/"
#define EVENTS_MAX 512 /* under way at the tab: half of what may wait for one */
#define WAIT_MS 50
#define NS_PER_S 1e9
#define NS_PER_US 1e3

enum
{
  EXIT_CHECK_FAILED = 1,
  EXIT_NO_RUN = 2,
};

typedef struct
{
  int port;      /* of channelsd; 0: the counting service is called */
  int pid;       /* whose CPU time counts */
  int size;      /* bytes of a text */
  int batch;     /* events of a call: beyond one it is SendMany */
  int under_way; /* calls */
  int warm_up;   /* calls */
  double seconds;
  double patience; /* seconds without an answer or an event, after which they are lost */
} Settings;

typedef struct
{
  const Settings *settings; /* (unowned) */
  GDBusConnection *bus;     /* (owned) */
  LoadOptions tab_options;
  LoadTabs *tabs; /* (owned) (nullable): one, where channelsd is called */
  char *text;     /* (owned): of the next event */
  guint64 n_calls;
  guint64 n_answers;
  guint32 n_counted; /* what the counting service has said last */
  gint64 progress;   /* ns: when the last answer or event came */
  gboolean failed;
  LoadHistogram round_trips;
} Bench;

/* The counting service. */

static const char counter_xml[] = "<node>"
                                  "  <interface name='" COUNTER_NAME "'>"
                                  "    <method name='SendToGroup'>"
                                  "      <arg type='s' direction='in'/>"
                                  "      <arg type='s' direction='in'/>"
                                  "      <arg type='u' direction='out'/>"
                                  "      <arg type='u' direction='out'/>"
                                  "    </method>"
                                  "  </interface>"
                                  "</node>";

static void
on_counted (GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *method,
            GVariant *parameters,
            GDBusMethodInvocation *invocation,
            gpointer user_data)
{
  guint32 *count = user_data;

  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(uu)", ++*count, 0));
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
  printf ("Ready\n");
  fflush (stdout);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_error ("%s: the name is not to be had", name);
}

static int
serve (GDBusConnection *bus)
{
  static const GDBusInterfaceVTable table = { .method_call = on_counted };
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (counter_xml, &error);
  guint32 count = 0;

  g_assert_no_error (error);
  if (g_dbus_connection_register_object (bus, COUNTER_PATH, node->interfaces[0], &table, &count,
                                         NULL, &error) == 0)
    g_error ("%s: %s", COUNTER_PATH, error->message);
  g_bus_own_name_on_connection (bus, COUNTER_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_name_acquired,
                                on_name_lost, NULL, NULL);
  g_main_loop_run (loop);

  return EXIT_SUCCESS;
}

/* The caller. */

/* Numbers the next text where a tab waits for it. */
static const char *
next_text (Bench *self)
{
  if (self->tabs != NULL)
    load_ledger_send (self->tabs->ledger, load_now (), self->text + 1);

  return self->text;
}

static GVariant *
make_parameters (Bench *self)
{
  GVariantBuilder builder;

  if (self->settings->batch == 1)
    return g_variant_new ("(ss)", GROUP, next_text (self));

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ss)"));
  for (int i = 0; i < self->settings->batch; i++)
    g_variant_builder_add (&builder, "(ss)", GROUP, next_text (self));

  return g_variant_new ("(a(ss))", &builder);
}

/* Checks an answer: that the tab was handed each event, or that the count is the next. */
static void
take_answer (Bench *self, GVariant *answer, const GError *error)
{
  guint64 receivers = 0;
  guint32 count = 0;
  gboolean is_right;

  self->n_answers++;
  self->progress = load_now ();
  if (answer != NULL && self->settings->batch > 1)
    g_variant_get (answer, "(tt)", &receivers, NULL);
  else if (answer != NULL)
    g_variant_get (answer, "(uu)", &count, NULL);

  if (self->tabs != NULL)
    is_right = count + receivers == (guint64) self->settings->batch;
  else
    is_right = count == ++self->n_counted;
  if (is_right)
    return;

  self->failed = TRUE;
  if (error != NULL)
    g_printerr ("bench-bus: %s\n", error->message);
  else
    g_printerr ("bench-bus: the answer to a call is %" G_GUINT64_FORMAT "\n", count + receivers);
}

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Bench *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (self->bus, result, &error);

  take_answer (self, answer, error);
}

static const char *
get_name (const Bench *self)
{
  return self->tabs != NULL ? CHANNELS_BUS_NAME : COUNTER_NAME;
}

static const char *
get_path (const Bench *self)
{
  return self->tabs != NULL ? CHANNELS_OBJECT_PATH : COUNTER_PATH;
}

static const char *
get_method (const Bench *self)
{
  return self->settings->batch > 1 ? "SendMany" : "SendToGroup";
}

static const GVariantType *
get_answer_type (const Bench *self)
{
  return self->settings->batch > 1 ? G_VARIANT_TYPE ("(tt)") : G_VARIANT_TYPE ("(uu)");
}

static void
send_call (Bench *self)
{
  self->n_calls++;
  g_dbus_connection_call (self->bus, get_name (self), get_path (self), get_name (self),
                          get_method (self), make_parameters (self), get_answer_type (self),
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, answer_cb, self);
}

static guint
count_events_under_way (const Bench *self)
{
  return self->tabs != NULL ? self->tabs->ledger->n_sent - self->tabs->ledger->n_complete : 0;
}

static gboolean
is_stuck (Bench *self)
{
  if (self->tabs != NULL && self->tabs->n_closed > 0)
    self->failed = TRUE;
  if (load_now () - self->progress > (gint64) (self->settings->patience * NS_PER_S))
    {
      g_printerr ("bench-bus: %" G_GUINT64_FORMAT " calls without an answer, %u events lost\n",
                  self->n_calls - self->n_answers, count_events_under_way (self));
      self->failed = TRUE;
    }

  return self->failed;
}

/* Calls @calls times (0: any number) for @seconds (0: any time), and waits for all that comes of
 * it.
 */
static void
flood (Bench *self, int calls, double seconds)
{
  const Settings *settings = self->settings;
  guint64 last = calls > 0 ? self->n_calls + (guint64) calls : G_MAXUINT64;
  gint64 now = self->progress = load_now ();
  gint64 end = seconds > 0 ? now + (gint64) (seconds * NS_PER_S) : G_MAXINT64;

  while (!is_stuck (self))
    {
      gboolean is_over = self->n_calls == last || load_now () >= end;

      while (self->n_calls != last && !is_over &&
             self->n_calls - self->n_answers < (guint64) settings->under_way &&
             count_events_under_way (self) + (guint) settings->batch <= EVENTS_MAX)
        send_call (self);
      if (is_over && self->n_calls == self->n_answers && count_events_under_way (self) == 0)
        return;

      g_main_context_iteration (NULL, TRUE);
    }
}

static void
wait_for_tab (Bench *self)
{
  while (count_events_under_way (self) > 0 && !is_stuck (self))
    load_tabs_wait (self->tabs, WAIT_MS);
  self->progress = load_now ();
}

/* One call; its event is timed by the ledger, from here to the tab. */
static void
deliver (Bench *self)
{
  send_call (self);
  wait_for_tab (self);
  while (self->n_calls != self->n_answers && !is_stuck (self))
    g_main_context_iteration (NULL, TRUE);
}

/* One call that blocks; it is timed from here to its answer. */
static void
go_round (Bench *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  gint64 start = load_now ();

  self->n_calls++;
  answer = g_dbus_connection_call_sync (self->bus, get_name (self), get_path (self),
                                        get_name (self), get_method (self), make_parameters (self),
                                        get_answer_type (self), G_DBUS_CALL_FLAGS_NONE,
                                        (int) (self->settings->patience * 1000), NULL, &error);
  load_histogram_add (&self->round_trips, load_now () - start);
  take_answer (self, answer, error);
  wait_for_tab (self);
}

static void
repeat (Bench *self, void (*step) (Bench *), int calls, double seconds)
{
  gint64 end = (self->progress = load_now ()) + (gint64) (seconds * NS_PER_S);

  for (int i = 0; !self->failed && (i < calls || load_now () < end); i++)
    step (self);
}

static gboolean
on_timer (gpointer user_data)
{
  return G_SOURCE_CONTINUE; /* it only wakes the loop, which looks whether all is lost */
}

static gboolean
on_tab_readable (int fd, GIOCondition condition, gpointer user_data)
{
  Bench *self = user_data;

  load_tabs_wait (self->tabs, 0);
  self->progress = load_now ();

  return G_SOURCE_CONTINUE;
}

static gboolean
measure (Bench *self, const char *mode, LoadUsage *out_usage)
{
  const Settings *settings = self->settings;
  void (*step) (Bench *) = g_str_equal (mode, "deliver") ? deliver : go_round;
  g_autoptr (GArray) pids = g_array_new (FALSE, FALSE, sizeof (int));
  gboolean is_flood = g_str_equal (mode, "flood");
  LoadUsage before;
  LoadUsage after;

  if (settings->pid > 0)
    g_array_append_val (pids, settings->pid);

  if (is_flood)
    flood (self, settings->warm_up, 0);
  else
    repeat (self, step, settings->warm_up, 0);
  if (self->failed)
    return FALSE;

  if (self->tabs != NULL)
    load_ledger_reset (self->tabs->ledger);
  memset (&self->round_trips, 0, sizeof self->round_trips);
  self->n_calls = self->n_answers = 0;

  load_usage_take (&before, pids);
  if (is_flood)
    flood (self, 0, settings->seconds);
  else
    repeat (self, step, 1, settings->seconds);
  load_usage_take (&after, pids);
  *out_usage = load_usage_since (&after, &before);

  return !self->failed;
}

static gboolean
report (const Bench *self, const LoadUsage *usage)
{
  const LoadLedger *ledger = self->tabs != NULL ? self->tabs->ledger : NULL;
  const LoadHistogram *times =
      self->round_trips.total > 0 || ledger == NULL ? &self->round_trips : &ledger->latencies;
  double seconds = (double) usage->time / NS_PER_S;
  double calls = MAX ((double) self->n_answers, 1);
  double events = calls * self->settings->batch;
  guint64 lost = ledger != NULL ? load_ledger_count_lost (ledger) : 0;
  guint64 late = ledger != NULL ? ledger->n_late : 0;
  guint64 twice = ledger != NULL ? ledger->n_twice : 0;
  guint64 alien = ledger != NULL ? ledger->n_alien : 0;

  printf ("{\"calls\": %" G_GUINT64_FORMAT ", \"events\": %.0f, \"lost\": %" G_GUINT64_FORMAT
          ", \"late\": %" G_GUINT64_FORMAT ", \"twice\": %" G_GUINT64_FORMAT
          ", \"alien\": %" G_GUINT64_FORMAT ", ",
          self->n_answers, events, lost, late, twice, alien);
  printf ("\"seconds\": %.3f, \"calls_per_s\": %.1f, \"events_per_s\": %.1f, ", seconds,
          calls / seconds, events / seconds);
  printf ("\"server_us\": %.3f, \"server_us_per_event\": %.3f, \"server_load\": %.3f, "
          "\"client_load\": %.3f, ",
          (double) usage->cpu / NS_PER_US / calls, (double) usage->cpu / NS_PER_US / events,
          (double) usage->cpu / (double) usage->time,
          (double) usage->own_cpu / (double) usage->time);
  printf ("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n",
          (double) load_histogram_get (times, 0.5) / NS_PER_US,
          (double) load_histogram_get (times, 0.99) / NS_PER_US,
          (double) times->longest / NS_PER_US);

  return lost + late + twice + alien == 0;
}

static int
call (const Settings *settings, GDBusConnection *bus, const char *mode)
{
  Bench bench = { .settings = settings, .bus = bus };
  LoadUsage usage = { 0 };
  int status = EXIT_NO_RUN;
  gboolean all;

  bench.text = g_strnfill ((gsize) settings->size, 'x');
  memset (bench.text, '0', LOAD_DIGITS + 1);
  bench.text[0] = LOAD_MARK;
  load_options_init_chat (&bench.tab_options, settings->port, TAB_PATH, EVENTS_MAX);
  bench.tab_options.size = settings->size;
  g_timeout_add_seconds (1, on_timer, NULL);
  if (settings->port > 0)
    {
      bench.tabs = load_tabs_new (&bench.tab_options);
      g_unix_fd_add (bench.tabs->epoll, G_IO_IN, on_tab_readable, &bench);
    }

  if (bench.tabs == NULL || load_tabs_connect (bench.tabs))
    {
      all = measure (&bench, mode, &usage);
      status = report (&bench, &usage) && all ? EXIT_SUCCESS : EXIT_CHECK_FAILED;
    }

  g_clear_pointer (&bench.tabs, load_tabs_free);
  load_options_clear (&bench.tab_options);
  g_free (bench.text);

  return status;
}

/* Returns what it is asked to do; NULL, with @error set, where the command line makes no sense. */
static const char *
parse (Settings *self, int *argc, char ***argv, GError **error)
{
  static const char *const modes[] = { "serve", "flood", "deliver", "round-trip", NULL };
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &self->port, "Of channelsd, for the tab", "PORT" },
    { "pid", 0, 0, G_OPTION_ARG_INT, &self->pid, "Whose CPU time counts", "PID" },
    { "size", 0, 0, G_OPTION_ARG_INT, &self->size, "Of a text", "BYTES" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &self->batch, "Events of a call", "N" },
    { "under-way", 0, 0, G_OPTION_ARG_INT, &self->under_way, "Calls at once", "N" },
    { "warm-up", 0, 0, G_OPTION_ARG_INT, &self->warm_up, "Calls before", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &self->seconds, "How long", "S" },
    { "patience", 0, 0, G_OPTION_ARG_DOUBLE, &self->patience, "For what is lost", "S" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("serve|flood|deliver|round-trip");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return NULL;

  if (*argc != 2 || !g_strv_contains (modes, (*argv)[1]) || self->port < 0 ||
      self->port > G_MAXUINT16 || self->size < 1 + LOAD_DIGITS || self->under_way < 1 ||
      self->warm_up < 0 || self->batch < 1 || self->batch > EVENTS_MAX || self->patience <= 0 ||
      (self->port == 0 && (self->batch > 1 || g_str_equal ((*argv)[1], "deliver"))))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "see bench-bus --help");
      return NULL;
    }

  return (*argv)[1];
}

int
main (int argc, char *argv[])
{
  Settings settings = { .size = 64, .batch = 1, .under_way = 64, .seconds = 1, .patience = 10 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = NULL;
  const char *mode = parse (&settings, &argc, &argv, &error);

  if (mode != NULL)
    bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    {
      g_printerr ("bench-bus: %s\n", error->message);
      return EXIT_NO_RUN;
    }

  return g_str_equal (mode, "serve") ? serve (bus) : call (&settings, bus, mode);
}
