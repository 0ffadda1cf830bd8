//! What keys and counters promise, checked on those in memory and on those in Redis, Valkey and a cluster.

#![expect(clippy::expect_used, clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod interleavings;
mod keys;
mod limits;
mod races;
mod subject;

use futures::{FutureExt, StreamExt, future::LocalBoxFuture};

use self::subject::Subject;

/// Writes one test for each promise and each kind of store.
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
                    crate::$module::$promise(&crate::subject::in_redis()).await;
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

        /// A cluster takes seconds to come together, so there is one, and one test.
        #[tokio::test]
        async fn in_a_cluster_every_promise_is_kept() {
            let cluster = &testkit::Cluster::start(0).unwrap();
            let promises: Vec<fn(&Subject) -> LocalBoxFuture<'_, ()>> =
                vec![$($(|subject| $module::$promise(subject).boxed_local()),*),*];
            let kept = promises.into_iter().enumerate().map(|(number, promise)| async move {
                promise(&subject::in_cluster(cluster, number)).await;
            });
            futures::stream::iter(kept).buffer_unordered(2).collect::<Vec<_>>().await;
        }
    };
}

promises! {
    keys:
        a_key_is_found_by_its_secret_which_is_kept_nowhere,
        bad_fields_are_refused_by_name,
        a_list_has_every_key_once_by_owner,
        a_revoked_key_is_revoked_wherever_it_is_asked_for,
        other_ids_are_those_of_no_key,
    ;
    limits:
        each_limit_refuses_what_is_beyond_it,
        a_reservation_is_whole_or_not_at_all,
        what_was_not_used_comes_back_and_what_was_used_beyond_counts,
        what_running_calls_hold_is_not_used_up,
        the_same_reservation_counts_once,
        a_minute_fills_bit_by_bit,
        a_slot_is_free_when_it_is_settled_or_its_lease_is_over,
        a_renewed_slot_is_held,
        the_books_are_in_the_right_month,
    ;
    races:
        requests_that_race_never_exceed_a_limit,
        streams_that_race_are_counted_to_the_token,
    ;
}
