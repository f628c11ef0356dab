/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-secret.h"

#include <string.h>
#include <sys/prctl.h>

/* Passwords, keys and tickets are wiped where they are freed, so that neither a later leak of
 * memory nor a dump of it has them. While there are any, other programs of the same user are kept
 * from reading this process' memory, and no core is dumped.
 *
 * Passwords and keys come and go with the configuration. A ticket goes through the bus, whose
 * queues are not ours to wipe, so from the first one on memory stays hidden until the process ends.
 */

static gboolean hidden_for_good;

/**
 * channels_secret_free:
 * @secret: (transfer full) (nullable): a text
 *
 * Wipes it, and frees it.
 */
void
channels_secret_free (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

/**
 * channels_secret_freev:
 * @secrets: (transfer full) (nullable) (array zero-terminated=1): texts
 *
 * Wipes them, and frees them and their array.
 */
void
channels_secret_freev (char **secrets)
{
  for (gsize i = 0; secrets != NULL && secrets[i] != NULL; i++)
    channels_secret_free (secrets[i]);
  g_free (secrets);
}

/**
 * channels_secret_hide_memory:
 * @hide: whether there are secrets in it
 *
 * Sets whether this process' memory can be dumped, or read by others who may not read everybody's
 * (`PR_SET_DUMPABLE`, prctl(2)). After channels_secret_hide_memory_for_good() it never can.
 */
void
channels_secret_hide_memory (gboolean hide)
{
  if (prctl (PR_SET_DUMPABLE, hide || hidden_for_good ? 0 : 1) < 0)
    g_warning ("the kernel does not hide this process' memory");
}

/**
 * channels_secret_hide_memory_for_good:
 *
 * Hides memory as channels_secret_hide_memory() does, and nothing shows it again.
 */
void
channels_secret_hide_memory_for_good (void)
{
  hidden_for_good = TRUE;
  channels_secret_hide_memory (TRUE);
}
