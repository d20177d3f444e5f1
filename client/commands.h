#pragma once

struct client;

/* Each command's function; exit codes of exit.h. One file each: cmd_<name>.c. */
int cmd_find(struct client *client);
int cmd_senders(struct client *client);
int cmd_explain(struct client *client);
int cmd_show(struct client *client);
int cmd_list(struct client *client);
int cmd_search(struct client *client);
int cmd_apply(struct client *client);
int cmd_push(struct client *client);
int cmd_export(struct client *client);
int cmd_watch(struct client *client);
int cmd_vocabulary_load(struct client *client);
int cmd_vocabulary_show(struct client *client);
int cmd_vocabulary_list(struct client *client);
int cmd_status(struct client *client);
int cmd_admin_registry_create(struct client *client);
int cmd_admin_registry_list(struct client *client);
int cmd_admin_token_create(struct client *client);
int cmd_admin_token_list(struct client *client);
int cmd_admin_token_revoke(struct client *client);
int cmd_config(struct client *client);
int cmd_completion(struct client *client);
int cmd_manual(struct client *client);
