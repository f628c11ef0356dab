/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-application.h"
#include "channels-backend.h"
#include "channels-discovery.h"
#include "channels-identity.h"
#include "channels-options.h"
#include "channels-secret.h"
#include "channels-streams.h"
#include "channels-systemd.h"

#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Bytes from which a block is its own, and goes back to the system when it is freed, and bytes of
 * the heap's end that may lie idle. */
#define LARGE_BLOCK (4 * 1024 * 1024)
#define IDLE_HEAP_MAX (16 * 1024 * 1024)

/* As many descriptors as we may have: each browser takes one. */
static void
raise_descriptor_limit (void)
{
  struct rlimit files;

  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    {
      files.rlim_cur = files.rlim_max;
      setrlimit (RLIMIT_NOFILE, &files);
    }
}

/* Left alone, the C library learns from a message of 20 MiB to keep as much for the next one. */
static void
give_memory_back (void)
{
#ifdef M_TRIM_THRESHOLD
  mallopt (M_MMAP_THRESHOLD, LARGE_BLOCK);
  mallopt (M_TRIM_THRESHOLD, IDLE_HEAP_MAX);
#endif
}

static ChannelsConfig *
load_config (const ChannelsOptions *options)
{
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);
  ChannelsConfig *config = channels_options_load_config (options, mistakes);

  for (guint i = 0; i < mistakes->len; i++)
    g_printerr ("channelsd: %s\n", (const char *) g_ptr_array_index (mistakes, i));

  return config;
}

/* Which node this is. Only Redis' core layer remembers a node that was killed; to check the
 * configuration is not to be one. */
static ChannelsIdentity *
make_identity (const ChannelsOptions *options, const ChannelsConfig *config)
{
  g_autofree char *directory = NULL;
  g_autoptr (ChannelsSecret) name = channels_config_name_layer (config);

  if (channels_config_get_layer (config)->backend == CHANNELS_CONFIG_BACKEND_REDIS &&
      !options->check_config)
    directory = channels_discovery_get_directory ();

  return channels_identity_new (directory, name);
}

/* A mistake in the configuration, or in a unit's command line, is the same the next time. */
static ChannelsExit
refuse_to_start (const ChannelsOptions *options)
{
  g_autoptr (GPtrArray) sockets =
      options->check_config ? NULL : channels_systemd_take_sockets (NULL);

  if (sockets != NULL)
    channels_systemd_turn_away (sockets);

  return CHANNELS_EXIT_USAGE;
}

int
main (int argc, char *argv[])
{
  g_auto (ChannelsOptions) options = { 0 };
  g_autoptr (ChannelsConfig) config = NULL;
  g_autoptr (ChannelsIdentity) identity = NULL;
  g_autoptr (ChannelsLayer) layer = NULL;
  g_autoptr (ChannelsApplication) application = NULL;
  g_autoptr (GError) error = NULL;

  if (!channels_streams_hold ())
    return CHANNELS_EXIT_FAILURE;

  setlocale (LC_CTYPE, "");
  signal (SIGPIPE, SIG_IGN);
  raise_descriptor_limit ();
  give_memory_back ();
  g_set_prgname ("channelsd");
  /* Standard output has the addresses, and nothing else. */
  g_log_writer_default_set_use_stderr (TRUE);

  if (!channels_options_parse (&options, &argc, &argv, &error))
    {
      g_printerr ("channelsd: %s (see “channelsd --help”)\n", error->message);
      return refuse_to_start (&options);
    }

  if (options.version)
    {
      g_print ("channelsd %s\n", PACKAGE_VERSION);
      return CHANNELS_EXIT_SUCCESS;
    }

  g_log_set_debug_enabled (options.verbose);
  /* Whether there are secrets is known when it has been read. */
  channels_secret_hide_memory (TRUE);
  config = load_config (&options);
  if (config == NULL)
    return refuse_to_start (&options);
  channels_secret_hide_memory (channels_config_has_secrets (config));

  identity = make_identity (&options, config);
  layer = channels_backend_new (config, identity, &error);
  if (layer == NULL)
    {
      g_printerr ("channelsd: %s\n", error->message);
      return refuse_to_start (&options);
    }

  if (options.check_config)
    return CHANNELS_EXIT_SUCCESS;

  application = channels_application_new (&options);

  return channels_application_serve (application, config, layer, identity);
}
