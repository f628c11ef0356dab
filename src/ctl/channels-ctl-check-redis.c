/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-check.h"
#include "channels-ctl-layer.h"

#include "channels-redis-error.h"
#include "channels-redis-probe.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdlib.h>

/* The channel layer, and each Redis that it is on, asked as the service asks it. */

#define LAYER "layer"
#define REDIS "redis"
#define MEMORY "redis-memory"
#define CLOCK "clock"
#define NODES "nodes"

#define BACKEND_MEMORY "memory"
#define BACKEND_PUBSUB "redis-pubsub"

#define VERSION_MIN 5 /* which brought BZPOPMIN */

/* Nodes compare times: a member of a group is gone when it was not renewed for GroupExpiry=, and an
 * event is old after Expiry=. µs that do no harm. */
#define CLOCK_OFFSET_MAX (5 * G_TIME_SPAN_SECOND)

/**
 * channels_ctl_check_layer:
 * @doctor: a doctor
 *
 * Asks the service for its channel layer.
 */
void
channels_ctl_check_layer (ChannelsCtlDoctor *doctor)
{
  g_autofree char *layer = channels_ctl_doctor_dup_property (doctor, "Layer");
  g_autofree char *state = channels_ctl_doctor_dup_property (doctor, "LayerState");

  if (doctor->properties == NULL)
    channels_ctl_findings_add (doctor->findings, LAYER, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("channelsd does not run"));
  else if (g_str_equal (state, "up"))
    channels_ctl_findings_add (doctor->findings, LAYER, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("the service's channel layer, %s, is up"), layer);
  else
    channels_ctl_findings_add (doctor->findings, LAYER, CHANNELS_CTL_STATE_ERROR,
                               g_strdup (_ ("see to what the checks of Redis say")),
                               _ ("the service's channel layer, %s, is down: nothing reaches other "
                                  "nodes"),
                               layer);
}

typedef struct
{
  ChannelsRedisProbe *found; /* (owned) (nullable) */
  GError *error;             /* (owned) (nullable) */
  gboolean done;
} Answer;

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->found = channels_redis_probe_finish (result, &answer->error);
  answer->done = TRUE;
}

/* Each step has a time-out of its own, and there are not many. */
static ChannelsRedisProbe *
look (const ChannelsRedisAddress *address, const char *prefix, gboolean pubsub, GError **error)
{
  Answer answer = { 0 };

  channels_redis_probe_async (address, prefix, pubsub, CHANNELS_CTL_DOCTOR_PATIENCE, NULL,
                              probed_cb, &answer);
  while (!answer.done)
    g_main_context_iteration (NULL, TRUE);

  if (answer.error != NULL)
    g_propagate_error (error, answer.error);
  return answer.found;
}

/* How redis-cli gets there; a password is left to the user. */
static char *
make_command (const ChannelsRedisAddress *address, const char *command)
{
  if (address->kind == CHANNELS_REDIS_ADDRESS_UNIX)
    {
      g_autofree char *path = channels_ctl_check_quote (address->path);

      return g_strdup_printf ("redis-cli -s %s %s", path, command);
    }

  return g_strdup_printf ("redis-cli -u %s %s", address->display, command);
}

/* What is to be done about a Redis that answers, and not what it should. */
static char *
make_remedy (const GError *error, const char *place)
{
  switch (error->code)
    {
    case CHANNELS_REDIS_ERROR_LOADING:
      return g_strdup (_ ("wait until it has loaded its data"));
    case CHANNELS_REDIS_ERROR_MAXCLIENTS:
      return g_strdup (_ ("let it have more connections (“maxclients” in redis.conf)"));
    case CHANNELS_REDIS_ERROR_DENIED:
      return g_strdup_printf (
          _ ("give it a password (“requirepass” in redis.conf), and name that in %s"), place);
    case CHANNELS_REDIS_ERROR_MOVED:
    case CHANNELS_REDIS_ERROR_CLUSTERDOWN:
      return g_strdup_printf (_ ("name a Redis that is no cluster in %s"), place);
    case CHANNELS_REDIS_ERROR_PROTOCOL:
      return g_strdup_printf (_ ("correct %s: that is no Redis"), place);
    default:
      return g_strdup (_ ("see to what it says, and to what its log does"));
    }
}

static void
tell_failure (ChannelsCtlDoctor *doctor, const ChannelsRedisAddress *address, const GError *error)
{
  g_autofree char *place = channels_ctl_layer_say_place_of_hosts (doctor);

  if (g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_NOPERM))
    channels_ctl_findings_add (
        doctor->findings, REDIS, CHANNELS_CTL_STATE_ERROR,
        g_strdup (_ ("ACL SETUSER …, as channels.conf(5) has it under [Layer]")),
        _ ("%s does not let this user do what the layer needs"), address->display);
  else if (channels_redis_error_is_refusal (error))
    channels_ctl_findings_add (
        doctor->findings, REDIS, CHANNELS_CTL_STATE_ERROR,
        g_strdup_printf (doctor->daemon.redis != NULL
                             ? _ ("PasswordFile= under [Layer] in %s, or "
                                  "“--redis redis://:PASSWORD@HOST:PORT/0” on the command line of "
                                  "channelsd")
                             : _ ("“Hosts=redis://:PASSWORD@HOST:PORT/0” under [Layer] in %s, or "
                                  "PasswordFile="),
                         channels_ctl_check_get_config_file (doctor)),
        address->password != NULL ? _ ("%s does not take the password")
                                  : _ ("%s wants a password, and there is none"),
        address->display);
  else if (g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_READONLY))
    channels_ctl_findings_add (doctor->findings, REDIS, CHANNELS_CTL_STATE_ERROR,
                               g_strdup_printf (_ ("name its master in %s"), place),
                               _ ("%s is a replica: it takes nothing"), address->display);
  else if (error->domain == CHANNELS_REDIS_ERROR)
    channels_ctl_findings_add (doctor->findings, REDIS, CHANNELS_CTL_STATE_ERROR,
                               make_remedy (error, place), _ ("%s is of no use: %s"),
                               address->display, error->message);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    channels_ctl_findings_add (
        doctor->findings, REDIS, CHANNELS_CTL_STATE_ERROR,
        g_strdup_printf (_ ("it is suspended or hangs: start it anew (“systemctl restart "
                            "redis-server”); or else let it through the firewall, or correct "
                            "%s"),
                         place),
        _ ("%s does not answer in time"), address->display);
  else
    channels_ctl_findings_add (
        doctor->findings, REDIS, CHANNELS_CTL_STATE_ERROR,
        g_strdup_printf (_ ("start it (“systemctl start redis-server”), or correct %s"), place),
        _ ("%s cannot be reached: %s"), address->display, error->message);
}

static void
check_version (ChannelsCtlDoctor *doctor,
               const ChannelsRedisAddress *address,
               const ChannelsRedisProbe *found)
{
  if (found->version == NULL)
    channels_ctl_findings_add (doctor->findings, REDIS, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s lets us in, and does not tell its version"),
                               address->display);
  else if (atoi (found->version) < VERSION_MIN)
    channels_ctl_findings_add (
        doctor->findings, REDIS, CHANNELS_CTL_STATE_ERROR,
        g_strdup_printf (_ ("install a Redis of version %d or later"), VERSION_MIN),
        _ ("%s is Redis %s, which is too old"), address->display, found->version);
  else
    channels_ctl_findings_add (doctor->findings, REDIS, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s is Redis %s, lets us in, and is a master"), address->display,
                               found->version);
}

static void
check_memory (ChannelsCtlDoctor *doctor,
              const ChannelsRedisAddress *address,
              const ChannelsRedisProbe *found)
{
  if (found->policy == NULL)
    channels_ctl_findings_add (doctor->findings, MEMORY, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("%s does not say what it does when its memory is full"),
                               address->display);
  else if (found->maxmemory == 0)
    channels_ctl_findings_add (doctor->findings, MEMORY, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s drops nothing: its memory has no bound"), address->display);
  else if (g_str_equal (found->policy, "noeviction"))
    channels_ctl_findings_add (doctor->findings, MEMORY, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s drops nothing when its memory is full (%s)"),
                               address->display, found->policy);
  else
    channels_ctl_findings_add (doctor->findings, MEMORY, CHANNELS_CTL_STATE_WARNING,
                               make_command (address, "CONFIG SET maxmemory-policy noeviction"),
                               _ ("%s drops groups and messages when its memory is full (%s)"),
                               address->display, found->policy);
}

static void
check_clock (ChannelsCtlDoctor *doctor,
             const ChannelsRedisAddress *address,
             const ChannelsRedisProbe *found)
{
  double seconds = fabs ((double) found->clock_offset / G_TIME_SPAN_SECOND);

  if (!found->has_clock)
    channels_ctl_findings_add (doctor->findings, CLOCK, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("%s does not say what time it is"), address->display);
  else if (found->clock_offset <= CLOCK_OFFSET_MAX && found->clock_offset >= -CLOCK_OFFSET_MAX)
    channels_ctl_findings_add (doctor->findings, CLOCK, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("this computer and %s agree on the time, but for %.3f s"),
                               address->display, seconds);
  else
    channels_ctl_findings_add (doctor->findings, CLOCK, CHANNELS_CTL_STATE_WARNING,
                               g_strdup (_ ("“timedatectl set-ntp true”, on both computers")),
                               found->clock_offset > 0
                                   ? _ ("the clock of %s is ahead by %.0f s: what expires does so "
                                        "at the wrong time")
                                   : _ ("the clock of %s is behind by %.0f s: what expires does so "
                                        "at the wrong time"),
                               address->display, seconds);
}

static void
check_nodes (ChannelsCtlDoctor *doctor,
             const ChannelsRedisAddress *address,
             const ChannelsRedisProbe *found,
             const char *prefix)
{
  if (!found->has_nodes)
    channels_ctl_findings_add (doctor->findings, NODES, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("%s does not say who is in the groups"), address->display);
  else
    channels_ctl_findings_add (doctor->findings, NODES, CHANNELS_CTL_STATE_OK, NULL,
                               /* Translators: a number of nodes, a Redis, a prefix of keys. */
                               ngettext ("%u node is in groups at %s with the prefix “%s”",
                                         "%u nodes are in groups at %s with the prefix “%s”",
                                         found->n_nodes),
                               found->n_nodes, address->display, prefix);
}

static void
check_host (ChannelsCtlDoctor *doctor, const ChannelsRedisAddress *address, gboolean pubsub)
{
  g_autofree char *prefix = channels_ctl_layer_get (doctor, "Prefix");
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisProbe) found = look (address, prefix, pubsub, &error);

  if (found == NULL)
    {
      tell_failure (doctor, address, error);
      return;
    }

  check_version (doctor, address, found);
  check_memory (doctor, address, found);
  check_clock (doctor, address, found);
  check_nodes (doctor, address, found, prefix);
}

/**
 * channels_ctl_check_redis:
 * @doctor: a doctor
 *
 * Looks at each Redis of the layer, where it is on any.
 */
void
channels_ctl_check_redis (ChannelsCtlDoctor *doctor)
{
  g_autofree char *backend = NULL;
  g_autoptr (GPtrArray) hosts = NULL;
  g_autoptr (GError) error = NULL;

  if (doctor->config == NULL)
    {
      channels_ctl_findings_add (doctor->findings, REDIS, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("the configuration cannot be read"));
      return;
    }

  backend = channels_ctl_layer_get (doctor, "Backend");
  if (g_str_equal (backend, BACKEND_MEMORY))
    {
      channels_ctl_findings_add (doctor->findings, REDIS, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("the channel layer, memory, needs no Redis"));
      return;
    }

  hosts = channels_ctl_layer_get_hosts (doctor, &error);
  if (hosts == NULL)
    {
      channels_ctl_findings_add (doctor->findings, REDIS, CHANNELS_CTL_STATE_SKIPPED, NULL, "%s",
                                 error->message);
      return;
    }

  for (guint i = 0; i < hosts->len; i++)
    check_host (doctor, g_ptr_array_index (hosts, i), g_str_equal (backend, BACKEND_PUBSUB));
}
