/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-error.h"
#include "channels-ctl-sample.h"
#include "channels-ctl-screen.h"

#include "channels-names.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>

#define DEFAULT_INTERVAL 1.0 /* s */
#define INTERVAL_MIN 0.1
#define INTERVAL_MAX 3600.0

/* How long one question may take, and what is shown is old. */
#define CALL_MS 5000

/**
 * Watch:
 *
 * Asks the service again and again, and shows what it says: on the whole screen of a terminal, else
 * a table or a line of JSON each time. It neither starts the service nor keeps it from ending, and
 * goes on when that goes and when it comes back.
 */
typedef struct
{
  ChannelsCtlContext *context; /* (unowned) */
  GDBusConnection *bus;        /* (unowned) */
  ChannelsCtlScreen *screen;   /* (owned) (nullable): `NULL` where there is no terminal */
  gboolean json;
  int left;                  /* how often it is still to be shown; < 0: without end */
  GMainLoop *loop;           /* (owned) */
  GCancellable *cancellable; /* (owned) */
  ChannelsCtlSample *latest; /* (owned) (nullable) */
  GVariant *properties;      /* (owned) (nullable): while the second question is asked */
  gboolean asking;
  GError *error; /* (owned) (nullable): why it ended */
} Watch;

static void
stop (Watch *self)
{
  g_cancellable_cancel (self->cancellable);
  if (!self->asking)
    g_main_loop_quit (self->loop);
}

static gboolean
show (Watch *self)
{
  guint n_head;
  g_autofree char *text = NULL;

  if (self->json)
    return channels_ctl_context_print_json (
        self->context, channels_ctl_sample_to_variant (self->latest), &self->error);

  text = channels_ctl_sample_to_text (self->latest, &n_head);
  if (self->screen != NULL)
    return channels_ctl_screen_draw (self->screen, text, n_head, &self->error);

  return channels_ctl_context_print (self->context, text, &self->error) &&
         (self->left == 1 || channels_ctl_context_print (self->context, "\n", &self->error));
}

static void
take_sample (Watch *self, GVariant *statistics)
{
  ChannelsCtlSample *sample =
      channels_ctl_sample_new (g_get_monotonic_time (), self->properties, statistics, self->latest);

  g_clear_pointer (&self->latest, channels_ctl_sample_free);
  self->latest = sample;

  /* Who reads line by line has no use for rates that nobody knows yet. */
  if (self->screen == NULL && sample->properties != NULL && !sample->has_rates)
    return;

  if (!show (self) || (self->left > 0 && --self->left == 0))
    stop (self);
}

static void
end_question (Watch *self)
{
  g_clear_pointer (&self->properties, g_variant_unref);
  self->asking = FALSE;
  if (g_cancellable_is_cancelled (self->cancellable))
    g_main_loop_quit (self->loop);
}

/* Whether that is all there is to it: whoever is not there does not answer. */
static gboolean
is_absence (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* Returns the answer, or `NULL` where there is none, and no more questions where that is for good.
 */
static GVariant *
take_answer (Watch *self, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (answer == NULL && !is_absence (error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      if (self->error == NULL)
        self->error = g_steal_pointer (&error);
      g_cancellable_cancel (self->cancellable);
    }

  return answer;
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Watch *self = user_data;
  g_autoptr (GVariant) answer = take_answer (self, source, result);
  g_autoptr (GVariant) statistics = NULL;

  if (answer != NULL)
    statistics = g_variant_get_child_value (answer, 0);
  else
    g_clear_pointer (&self->properties, g_variant_unref);

  if (!g_cancellable_is_cancelled (self->cancellable))
    take_sample (self, statistics);
  end_question (self);
}

static void
ask_service (Watch *self,
             const char *interface,
             const char *method,
             GVariant *arguments,
             const char *type,
             GAsyncReadyCallback callback)
{
  g_dbus_connection_call (self->bus, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, interface, method,
                          arguments, G_VARIANT_TYPE (type), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          CALL_MS, self->cancellable, callback, self);
}

static void
got_properties_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Watch *self = user_data;
  g_autoptr (GVariant) answer = take_answer (self, source, result);

  if (answer != NULL)
    {
      self->properties = g_variant_get_child_value (answer, 0);
      ask_service (self, CHANNELS_BUS_INTERFACE, "ListStatistics", NULL, "(a(sutt))", listed_cb);
      return;
    }

  if (!g_cancellable_is_cancelled (self->cancellable))
    take_sample (self, NULL);
  end_question (self);
}

static gboolean
on_tick (gpointer user_data)
{
  Watch *self = user_data;

  if (self->asking)
    return G_SOURCE_CONTINUE;

  self->asking = TRUE;
  ask_service (self, "org.freedesktop.DBus.Properties", "GetAll",
               g_variant_new ("(s)", CHANNELS_BUS_INTERFACE), "(a{sv})", got_properties_cb);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_signal (gpointer user_data)
{
  stop (user_data);

  return G_SOURCE_CONTINUE;
}

static void
show_again (Watch *self)
{
  if (self->screen != NULL && self->latest != NULL && !show (self))
    stop (self);
}

static gboolean
on_resized (gpointer user_data)
{
  show_again (user_data);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_key (GObject *input, gpointer user_data)
{
  Watch *self = user_data;
  char key = '\0';
  g_autoptr (GError) error = NULL;
  gssize size = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (input), &key, 1,
                                                          NULL, &error);

  if (size == 1 && key == 'q')
    stop (self);
  else if (size == 1 && channels_ctl_screen_take_key (self->screen, key))
    show_again (self);

  /* A terminal that is gone is readable for ever. */
  return size > 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? G_SOURCE_CONTINUE
                                                                                 : G_SOURCE_REMOVE;
}

static void
listen_to_keys (Watch *self, GSource **out_source)
{
  GInputStream *input = channels_ctl_context_get_input (self->context);

  if (self->screen == NULL || !channels_ctl_screen_reads_keys (self->screen) ||
      !G_IS_POLLABLE_INPUT_STREAM (input))
    return;

  *out_source = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);
  g_source_set_callback (*out_source, G_SOURCE_FUNC (on_key), self, NULL);
  g_source_attach (*out_source, NULL);
}

static void
run_loop (Watch *self, double interval)
{
  static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
  guint sources[G_N_ELEMENTS (ends) + 2];
  GSource *keys = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    sources[i] = g_unix_signal_add (ends[i], on_signal, self);
  sources[G_N_ELEMENTS (ends)] = g_unix_signal_add (SIGWINCH, on_resized, self);
  sources[G_N_ELEMENTS (ends) + 1] = g_timeout_add ((guint) (interval * 1000), on_tick, self);
  listen_to_keys (self, &keys);

  on_tick (self);
  g_main_loop_run (self->loop);

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  if (keys != NULL)
    {
      g_source_destroy (keys);
      g_source_unref (keys);
    }
}

static gboolean
watch (ChannelsCtlContext *context, double interval, int count, gboolean json, GError **error)
{
  ChannelsDBusChannels *proxy = channels_ctl_context_get_proxy (context, error);
  Watch self = { .context = context, .json = json, .left = count };

  if (proxy == NULL)
    return FALSE;

  self.bus = g_dbus_proxy_get_connection (G_DBUS_PROXY (proxy));
  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  if (!json)
    self.screen = channels_ctl_screen_open (channels_ctl_context_get_input (context),
                                            channels_ctl_context_get_output (context));

  run_loop (&self, interval);

  g_clear_pointer (&self.screen, channels_ctl_screen_close);
  g_clear_pointer (&self.latest, channels_ctl_sample_free);
  g_object_unref (self.cancellable);
  g_main_loop_unref (self.loop);

  /* That the reader has what it wanted is no failure. */
  if (g_error_matches (self.error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_NO_READER))
    g_clear_error (&self.error);
  if (self.error != NULL)
    g_propagate_error (error, self.error);

  return self.error == NULL;
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean json = FALSE;
  double interval = DEFAULT_INTERVAL;
  int count = -1;
  g_auto (GStrv) arguments = NULL;
  const GOptionEntry options[] = {
    { "interval", 'n', G_OPTION_FLAG_NONE, G_OPTION_ARG_DOUBLE, &interval,
      N_ ("How long to wait in between; 1 by default"), N_ ("SECONDS") },
    { "count", 'c', G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &count,
      N_ ("How often to show it; without end by default"), N_ ("N") },
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json, N_ ("Print JSON"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!channels_ctl_command_parse (&channels_ctl_watch, argv, options, &arguments, error))
    return FALSE;

  if (!(interval >= INTERVAL_MIN && interval <= INTERVAL_MAX) || count == 0 || count < -1)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                   _ ("%s takes 0.1 to 3600 seconds, and %s a number from 1"), "--interval",
                   "--count");
      return FALSE;
    }

  return watch (context, interval, count, json, error);
}

const ChannelsCtlCommand channels_ctl_watch = {
  .name = "watch",
  .summary = N_ ("Watch the groups, and how much is sent to them"),
  .run = run,
};
