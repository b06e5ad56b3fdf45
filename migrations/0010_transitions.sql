-- 0010_transitions.sql: the database refuses what src/dispatch/states.ts does not allow. Rewrites no row; waits for the
-- transactions that write to the two tables. The conditions are evaluated without calling a function, which runs only to
-- refuse; `after`, because a `before` trigger locks every row once more (measured: docs/decisions/0020).
create function refuse_transition() returns trigger language plpgsql as $$
begin
  raise exception 'a % may not go from % to %', tg_argv[0], to_jsonb(old) ->> tg_argv[1], to_jsonb(new) ->> tg_argv[1]
    using errcode = 'check_violation', constraint = tg_name;
end $$;

create trigger sends_moves after update of status on sends for each row
  when (old.status <> new.status and not case old.status
          when 'pending' then new.status in ('sending', 'sent', 'skipped', 'aborted', 'expired', 'cancelled')
          when 'sending' then new.status in ('pending', 'sent', 'failed', 'bounced', 'expired', 'unknown')
          when 'aborted' then new.status = 'pending'
          when 'failed' then new.status = 'pending'
          when 'expired' then new.status = 'pending'
          when 'cancelled' then new.status = 'pending'
          else false end)
  execute function refuse_transition('send', 'status');

create trigger dispatches_moves after update of state on dispatches for each row
  when (old.state <> new.state and not case old.state
          when 'accepted' then new.state in ('sending', 'paused', 'finished', 'cancelled', 'failed')
          when 'sending' then new.state in ('paused', 'finished', 'cancelled', 'failed')
          when 'paused' then new.state in ('accepted', 'sending', 'cancelled', 'failed')
          when 'finished' then new.state = 'sending'
          when 'cancelled' then new.state in ('accepted', 'sending')
          else false end)
  execute function refuse_transition('dispatch', 'state');
