//! Escalations that call whoever is on call.

use crate::contract::{at_minute, hourly, reply, story};
use crate::story::Post;
use jiff::tz::TimeZone;
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Arc;
use switchboard_domain::Slug;
use switchboard_domain::calendar::rota::{Rota, Turn};
use switchboard_domain::sla::ClockKind::FirstResponse;
use switchboard_domain::sla::EscalationAction::{self, Assign, Move, Notify};
use switchboard_domain::sla::{
    Duty, Escalation, EscalationPoint, ON_CALL, ReplyPolicy, SlaBook, SlaPolicy,
};
use switchboard_domain::ticket::{Command, Fact};

fn duty(person: &str, channel: &str) -> Duty {
    let people = vec![person.to_owned()];
    let begins = (Turn::Day, "1970-01-01T00:00".parse().unwrap());
    Duty {
        channels: vec![channel.to_owned()],
        members: vec![person.to_owned()],
        rota: Some(Rota::new(TimeZone::UTC, people, begins, vec![]).unwrap()),
        ..Duty::default()
    }
}

fn notify(name: &str) -> EscalationAction {
    Notify(name.to_owned())
}

/// What the step of those actions told, and who has the ticket then.
fn escalated(
    actions: Vec<EscalationAction>,
    duties: BTreeMap<Slug, Duty>,
) -> (Vec<String>, Option<String>, Option<String>) {
    let policy = SlaPolicy {
        escalations: vec![Escalation {
            clock: FirstResponse,
            at: EscalationPoint::Percent(50),
            actions,
        }],
        ..hourly("hourly")
    };
    let mut story = story(policy.clone());
    let book = SlaBook::new(vec![policy], [], BTreeMap::new()).with_duties(duties);
    story.book = Arc::new(book);
    story.arrives(&Post::complaint("1"));
    at_minute(&mut story, 30, &Command::Tick);
    let facts = story.events.iter().flat_map(|event| &event.change.facts);
    let told = facts.filter_map(|fact| match fact {
        Fact::Escalated {
            notify, on_call, ..
        } => Some((notify.clone(), on_call.clone())),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1);
    let (notify, on_call) = told[0].clone();
    (notify, on_call, story.ticket().assignee.clone())
}

#[rstest]
#[case::the_owner_s(vec![notify(ON_CALL)], &["care-room"], Some("ana"), None)]
#[case::each_channel_once(
    vec![notify("care-room"), notify(ON_CALL), notify("boss")],
    &["care-room", "boss"],
    Some("ana"),
    None
)]
#[case::of_the_department_it_is_moved_to(
    vec![notify(ON_CALL), Move(Slug::from_any("pr"))],
    &["press-room"],
    Some("pia"),
    None
)]
#[case::and_gets_the_ticket(
    vec![Move(Slug::from_any("pr")), Assign(ON_CALL.to_owned())],
    &[],
    Some("pia"),
    Some("pia")
)]
#[case::nobody_is_asked(vec![notify("boss")], &["boss"], None, None)]
fn who_is_called(
    #[case] actions: Vec<EscalationAction>,
    #[case] channels: &[&str],
    #[case] on_call: Option<&str>,
    #[case] assignee: Option<&str>,
) {
    let duties = BTreeMap::from([
        (Slug::from_any("support"), duty("ana", "care-room")),
        (Slug::from_any("pr"), duty("pia", "press-room")),
    ]);
    let (told, person, holder) = escalated(actions, duties);
    assert_eq!(told, channels);
    assert_eq!((person.as_deref(), holder.as_deref()), (on_call, assignee));
}

#[test]
fn without_a_rota_the_channel_is_told_and_nobody_in_person() {
    let duty = Duty {
        rota: None,
        ..duty("ana", "care-room")
    };
    let duties = BTreeMap::from([(Slug::from_any("support"), duty)]);
    let actions = vec![notify(ON_CALL), Assign(ON_CALL.to_owned())];
    let told = escalated(actions, duties);
    assert_eq!(told, (vec!["care-room".to_owned()], None, None));
}

#[rstest]
#[case::anybody(ReplyPolicy::Anybody, "bob", true)]
#[case::a_member(ReplyPolicy::Members, "ana", true)]
#[case::somebody_else(ReplyPolicy::Members, "bob", false)]
#[case::nobody(ReplyPolicy::Nobody, "ana", false)]
fn who_answers(#[case] policy: ReplyPolicy, #[case] person: &str, #[case] may: bool) {
    let mut story = story(hourly("hourly"));
    let duty = Duty {
        reply: policy,
        ..duty("ana", "care-room")
    };
    let duties = BTreeMap::from([(Slug::from_any("support"), duty)]);
    let book = SlaBook::new(vec![hourly("hourly")], [], BTreeMap::new()).with_duties(duties);
    story.book = Arc::new(book);
    story.arrives(&Post::complaint("1"));
    let answered = story.does(person, &reply(false));
    assert_eq!(answered.is_ok(), may, "{answered:?}");
}
