/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-address.h"
#include "channels-ctl-check.h"
#include "channels-ctl-http.h"

#include <glib/gi18n.h>
#include <string.h>

/* Where browsers come in. */

#define ADDRESSES "addresses"
#define PAGE "page"
#define HEALTH "health"

/* µs: a program on this computer that speaks HTTP has answered; one that does not never will. */
#define STRANGER_PATIENCE G_TIME_SPAN_SECOND

/* What it says where it is asked for its health. */
#define ALIVE "{\"status\":\"ok\"}"

/* What a page of ours has to say to a browser: nothing from elsewhere, and in nobody's frame. */
static const char *const policies[] = { "default-src 'self'", "frame-ancestors 'none'" };

static char *
make_port_remedy (const ChannelsCtlDoctor *doctor, GSocketAddress *address)
{
  guint port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  guint next = port < G_MAXUINT16 ? port + 1 : port - 1;

  if (doctor->daemon.listen != NULL)
    return g_strdup_printf (_ ("“ss -ltnp 'sport = :%u'” says which program; for another port, put "
                               "“--listen 127.0.0.1:%u” on the command line of channelsd"),
                            port, next);

  return g_strdup_printf (_ ("“ss -ltnp 'sport = :%u'” says which program; for another port, put "
                             "“Listen=127.0.0.1:%u” under [Server] in %s"),
                          port, next, channels_ctl_check_get_config_file (doctor));
}

/* Both programs have to be on the one bus, where they were meant to find each other. */
static char *
make_bus_remedy (const ChannelsCtlDoctor *doctor, GSocketAddress *address)
{
  g_autofree char *port = make_port_remedy (doctor, address);

  return g_strdup_printf (_ ("call channelsctl with the DBUS_SESSION_BUS_ADDRESS of that "
                             "channelsd; or else: %s"),
                          port);
}

/* Whether it is a channelsd that listens on an address, and one that this bus does not know. */
static gboolean
is_channelsd (const char *item)
{
  g_autofree char *url = g_strdup_printf ("http://%s/", item);
  g_auto (ChannelsCtlHttp) answer = { 0 };

  return channels_ctl_http_get (url, "/health", STRANGER_PATIENCE, &answer, NULL) &&
         answer.status == 200 && strstr (answer.body, ALIVE) != NULL;
}

/* Nobody of ours listens: could somebody? */
static gboolean
check_free (ChannelsCtlDoctor *doctor, const char *item)
{
  g_autoptr (GSocketAddress) address = channels_ctl_address_parse (item);
  g_autoptr (GError) error = NULL;

  if (address == NULL || channels_ctl_address_try (address, &error))
    return TRUE;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE) && is_channelsd (item))
    channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_ERROR,
                               make_bus_remedy (doctor, address),
                               _ ("a channelsd that is not on this bus listens on %s"), item);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_ERROR,
                               make_port_remedy (doctor, address),
                               _ ("another program listens on %s"), item);
  /* A computer without IPv6 is no reason to worry. */
  else if (g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    return TRUE;
  else
    channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_ERROR,
                               make_port_remedy (doctor, address),
                               _ ("%s cannot be listened on: %s"), item, error->message);

  return FALSE;
}

static void
check_stopped (ChannelsCtlDoctor *doctor, GStrv listen)
{
  g_autofree char *words = g_strjoinv (", ", listen);
  gboolean good = TRUE;

  if (doctor->socket_active)
    {
      channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_OK, NULL,
                                 _ ("systemd listens, and starts channelsd for the first tab"));
      return;
    }

  for (guint i = 0; listen[i] != NULL; i++)
    good = check_free (doctor, listen[i]) && good;

  if (good)
    channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("nobody listens on %s yet, and channelsd can"), words);
}

/* Whether one of ours listens there. */
static gboolean
check_listens (ChannelsCtlDoctor *doctor, const char *item)
{
  g_autoptr (GError) error = NULL;

  if (channels_ctl_address_answers (item, &error))
    return TRUE;

  channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_WARNING,
                             channels_ctl_doctor_restart_command (doctor),
                             _ ("channelsd does not listen on %s, as its configuration has it: %s"),
                             item, error->message);
  return FALSE;
}

/* Whether a URL is that of an address of the configuration. */
static gboolean
is_configured (const char *url, GStrv listen)
{
  for (guint i = 0; listen[i] != NULL; i++)
    {
      g_autofree char *configured = g_strdup_printf ("http://%s/", listen[i]);

      if (g_str_equal (configured, url))
        return TRUE;
    }

  return FALSE;
}

static void
check_running (ChannelsCtlDoctor *doctor, GStrv listen)
{
  gboolean configured = doctor->pid != 0 && listen != NULL && is_configured (doctor->url, listen);
  g_autofree char *words = configured ? g_strjoinv (", ", listen) : g_strdup (doctor->url);
  gboolean good = TRUE;

  /* Where systemd has handed over its sockets, they stand in the place of the configuration's. Else
   * a file that was changed since the start is taken over but for this. */
  if (configured || (doctor->pid != 0 && listen != NULL && !doctor->socket_active))
    for (guint i = 0; listen[i] != NULL; i++)
      good = check_listens (doctor, listen[i]) && good;

  if (good)
    channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("channelsd listens on %s"), words);
}

/**
 * channels_ctl_check_addresses:
 * @doctor: a doctor
 *
 * Looks where the service listens, or whether it could.
 */
void
channels_ctl_check_addresses (ChannelsCtlDoctor *doctor)
{
  g_auto (GStrv) listen = channels_ctl_address_list (&doctor->daemon, doctor->config);

  if (doctor->url != NULL)
    check_running (doctor, listen);
  else if (doctor->pid != 0)
    channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_doctor_restart_command (doctor),
                               _ ("channelsd runs, and does not say where it listens"));
  else if (listen == NULL)
    channels_ctl_findings_add (doctor->findings, ADDRESSES, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("the configuration cannot be read"));
  else
    check_stopped (doctor, listen);
}

/* Asks the page's server: FALSE where there is no good answer, which has been told. */
static gboolean
ask (ChannelsCtlDoctor *doctor, const char *check, const char *path, ChannelsCtlHttp *out_answer)
{
  g_autoptr (GError) error = NULL;

  if (doctor->url == NULL)
    channels_ctl_findings_add (doctor->findings, check, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("channelsd does not run"));
  else if (!channels_ctl_http_get (doctor->url, path, CHANNELS_CTL_DOCTOR_PATIENCE, out_answer,
                                   &error))
    channels_ctl_findings_add (doctor->findings, check, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_doctor_restart_command (doctor),
                               _ ("%s does not answer: %s"), doctor->url, error->message);
  else if (out_answer->status != 200)
    channels_ctl_findings_add (doctor->findings, check, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_doctor_restart_command (doctor),
                               _ ("%s answers %s with %u, not 200"), doctor->url, path,
                               out_answer->status);
  else
    return TRUE;

  return FALSE;
}

/**
 * channels_ctl_check_page:
 * @doctor: a doctor
 *
 * Asks for the page, as a browser does.
 */
void
channels_ctl_check_page (ChannelsCtlDoctor *doctor)
{
  g_auto (ChannelsCtlHttp) answer = { 0 };

  if (!ask (doctor, PAGE, "/", &answer))
    return;

  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    {
      if (answer.policy != NULL && strstr (answer.policy, policies[i]) != NULL)
        continue;

      channels_ctl_findings_add (
          doctor->findings, PAGE, CHANNELS_CTL_STATE_ERROR,
          channels_ctl_doctor_restart_command (doctor),
          _ ("the page at %s is not channelsd's: its Content-Security-Policy has no “%s”"),
          doctor->url, policies[i]);
      return;
    }

  channels_ctl_findings_add (doctor->findings, PAGE, CHANNELS_CTL_STATE_OK, NULL,
                             _ ("%s has the page, with its Content-Security-Policy"), doctor->url);
}

/**
 * channels_ctl_check_health:
 * @doctor: a doctor
 *
 * Asks whether the service is alive, as a monitor does.
 */
void
channels_ctl_check_health (ChannelsCtlDoctor *doctor)
{
  g_auto (ChannelsCtlHttp) answer = { 0 };

  if (!ask (doctor, HEALTH, "/health", &answer))
    return;

  if (strstr (answer.body, ALIVE) != NULL)
    channels_ctl_findings_add (doctor->findings, HEALTH, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%shealth says that it is alive"), doctor->url);
  else
    channels_ctl_findings_add (doctor->findings, HEALTH, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_doctor_restart_command (doctor),
                               _ ("%shealth does not say what channelsd says"), doctor->url);
}
