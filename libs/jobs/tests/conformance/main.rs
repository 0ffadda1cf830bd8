//! What a queue promises, checked on the one in memory and on the one in Redis, Valkey and a cluster.

#![expect(clippy::expect_used, clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod fairness;
mod interleavings;
mod life;
mod limits;
mod looking;
mod sequels;
mod subject;
mod time;

use futures::{FutureExt, StreamExt, future::LocalBoxFuture};

use self::subject::Subject;

/// Writes one test for each promise and each kind of queue.
macro_rules! promises {
    ($($module:ident: $($promise:ident,)*;)*) => {
        mod in_memory {
            $(mod $module {
                $(#[tokio::test]
                async fn $promise() {
                    crate::$module::$promise(&crate::subject::in_memory()).await;
                })*
            })*
        }

        mod in_redis {
            $(mod $module {
                $(#[tokio::test]
                async fn $promise() {
                    crate::$module::$promise(&crate::subject::in_redis(1)).await;
                })*
            })*
        }

        mod in_valkey {
            $(mod $module {
                $(#[tokio::test]
                async fn $promise() {
                    crate::$module::$promise(&crate::subject::in_valkey()).await;
                })*
            })*
        }

        mod in_redis_of_three_shards {
            $(mod $module {
                $(#[tokio::test]
                async fn $promise() {
                    crate::$module::$promise(&crate::subject::in_redis(3)).await;
                })*
            })*
        }

        /// A cluster takes seconds to come together, so there is one, and one test.
        #[tokio::test]
        async fn in_a_cluster_every_promise_is_kept() {
            let cluster = &testkit::Cluster::start(0).unwrap();
            let promises: Vec<fn(&Subject) -> LocalBoxFuture<'_, ()>> =
                vec![$($(|subject| $module::$promise(subject).boxed_local()),*),*];
            let kept = promises.into_iter().enumerate().map(|(number, promise)| async move {
                promise(&subject::in_cluster(cluster, number)).await;
            });
            futures::stream::iter(kept).buffer_unordered(4).collect::<Vec<_>>().await;
        }
    };
}

promises! {
    life:
        a_job_goes_through_the_line_once_and_keeps_what_it_was_given,
        a_name_from_elsewhere_is_that_of_no_job,
        the_same_value_is_the_same_job,
        an_idempotency_key_is_one_request,
        bad_input_is_refused_by_name_beside_good_input,
        a_run_that_lost_its_job_is_refused_whatever_it_says,
        the_end_of_a_run_may_be_told_twice,
        a_released_job_is_first_in_line_and_has_lost_nothing,
        failures_are_tried_again_until_the_policy_ends,
        a_permanent_failure_is_dead_at_once_and_can_be_requeued,
        a_poison_job_dies_after_three_workers,
        waiting_jobs_are_cancelled_at_once_in_every_state,
        a_running_job_hears_of_its_cancellation_at_the_next_beat,
        a_cancelled_job_is_not_tried_again,
        only_ended_jobs_can_be_deleted,
    ;
    limits:
        a_full_queue_says_so_and_takes_again_when_there_is_room,
        a_full_tenant_leaves_room_for_others,
        delayed_jobs_count_for_their_tenants_depth,
        a_tenant_at_its_cap_is_parked_and_goes_on_when_a_run_ends,
        a_cap_can_be_lowered_and_raised_while_jobs_wait,
        kinds_and_the_queue_have_caps,
        a_claim_takes_no_more_than_there_is_room_for,
        a_pause_stops_claims_and_nothing_else,
        bad_limits_are_refused,
    ;
    fairness:
        a_small_tenant_is_not_behind_a_large_one,
        a_heavier_tenant_gets_its_share,
        priorities_go_first_and_starve_nobody,
        jobs_of_one_flow_are_in_order,
    ;
    time:
        a_delayed_job_waits_for_its_time,
        a_waiting_job_expires_and_a_running_one_does_not,
        ended_jobs_are_removed_after_their_time,
        a_lease_lasts_as_long_as_it_is_beaten,
        a_wait_ends_when_work_comes,
        a_schedule_starts_one_job_each_tick_however_many_look,
        a_schedule_can_be_changed_and_removed,
    ;
    sequels:
        each_way_to_end_has_one_sequel,
        the_end_of_a_run_that_is_told_twice_has_one_sequel,
        a_retry_is_no_end_and_a_requeued_job_has_another_one,
        a_job_without_a_sequel_has_none,
        no_depth_refuses_a_sequel,
        a_list_can_leave_sequels_out,
    ;
    looking:
        a_list_has_every_job_once_by_filter,
        a_page_token_is_for_its_list,
        events_are_numbered_and_can_be_resumed,
        who_falls_behind_is_told_how_far,
        who_watches_late_learns_the_state_first,
        a_watcher_hears_of_an_end_at_once,
        the_counts_follow_the_jobs,
        two_queues_do_not_see_each_other,
    ;
}
