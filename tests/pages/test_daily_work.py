"""What an FP does on a customer's page in a day: each operation, as the page offers it."""

import re
from datetime import timedelta

import pytest
from agency import TODAY
from screen import FOLDS, id_of, listed, texts

from fpcore.customers import consents, contacts, policies, profiles
from fpcore.errors import ConsentWithdrawn, NotFound
from fpcore.models import ConsentChannel, ConsentKind, CustomerChanges, PolicyChanges
from fpcore.person import disclosure


def field(at, label: str):
    """Find the one field with this label."""
    kinds = (at.text_input, at.text_area, at.number_input, at.selectbox, at.date_input, at.checkbox)
    found = [one for kind in kinds for one in kind if one.label == label]
    assert len(found) == 1, (label, [one.label for kind in kinds for one in kind])
    return found[0]


def click(at, label: str):
    return next(button for button in at.button if button.label == label).click().run()


def customer_of(office, fp1, name="김하늘"):
    return profiles.get(office, fp1, id_of(office, name), TODAY)


def policy_of(office, fp1, name="김하늘", number="L1"):
    found = policies.of_customer(office, fp1, id_of(office, name), TODAY)
    return next(policy for policy in found if policy.policy_number == number)


def test_a_profile_is_edited_in_place(open_page, office, fp1):
    at = open_page("customer", "fp1", id=id_of(office, "김하늘"), edit="1")
    field(at, "직업").set_value("교사")
    field(at, "휴대폰").set_value("010-2222-3333")
    click(at, "저장")
    kept = customer_of(office, fp1)
    assert (kept.occupation, kept.phone, kept.ver) == ("교사", "010-****-3333", 2)
    assert "edit" not in at.query_params and "교사" in texts(at)


def test_circumstances_are_typed_as_people_write_them_and_shown(open_page, office, fp1):
    at = open_page("customer", "fp1", id=id_of(office, "김하늘"), edit="1")
    field(at, "월 소득").set_value("400만")
    field(at, "부채").set_value("1억")
    field(at, "부양가족 수").set_value(0)
    field(at, "세전·세후").set_value("gross")
    field(at, "주거").set_value("own")
    field(at, "상해급수").set_value(1)
    click(at, "저장")
    kept = customer_of(office, fp1)
    assert (kept.monthly_income, kept.debts, kept.dependants) == (4_000_000, 100_000_000, 0)
    assert (kept.income_basis, kept.housing, kept.occupation_class) == ("gross", "own", 1)
    assert kept.living_cost is None and kept.driving is None
    shown = "월 소득 400만원 \\(세전\\) · 부양가족 없음 · 부채 1억원 · 자가 · 상해급수 1급"
    assert shown in [caption.value for caption in at.caption]


def test_an_amount_that_is_none_is_told_beside_its_field(open_page, office, fp1):
    at = open_page("customer", "fp1", id=id_of(office, "김하늘"), edit="1")
    field(at, "월 생활비").set_value("많이")
    click(at, "저장")
    assert [error.value for error in at.error] == ["월 생활비: ‘많이’을(를) 이해할 수 없습니다."]
    assert customer_of(office, fp1).ver == 1


def test_saving_an_untouched_form_changes_nothing(open_page, office, fp1):
    before = customer_of(office, fp1)
    at = open_page("customer", "fp1", id=str(before.id), edit="1")
    click(at, "저장")
    assert customer_of(office, fp1) == before


@pytest.mark.parametrize(
    ("label", "typed", "message"),
    [
        ("이름", "", "이름: 값이 없습니다"),
        ("이름", "가" * 101, "이름: 너무 깁니다"),
        ("이메일", "a@", "이메일: ‘a"),
        ("휴대폰", "12", "휴대폰: ‘12"),
        ("출생연도", 1899, "생년월일"),
        ("이름", "a\x00b", "이름: 표시할 수 없는 문자"),
    ],
)
def test_a_refused_edit_is_told_beside_its_field_and_nothing_typed_is_lost(
    open_page, office, fp1, label, typed, message
):
    before = customer_of(office, fp1)
    at = open_page("customer", "fp1", id=str(before.id), edit="1")
    field(at, "직업").set_value("교사")
    field(at, label).set_value(typed)
    click(at, "저장")
    assert any(message in error.value for error in at.error)
    assert field(at, "직업").value == "교사"
    assert customer_of(office, fp1) == before


def _edit_while_somebody_else_does(open_page, office, fp1, today):
    customer = customer_of(office, fp1)
    at = open_page("customer", "manager1", id=str(customer.id), edit="1")
    field(at, "직업").set_value("의사")
    profiles.update(
        office, fp1, customer.id, CustomerChanges(occupation="교사"), customer.ver, today
    )
    return click(at, "저장")


def test_the_second_editor_is_told_what_changed_and_by_whom(open_page, office, fp1, today):
    at = _edit_while_somebody_else_does(open_page, office, fp1, today)
    assert "**fp1** · 직업: 없음 → 교사" in texts(at)
    assert customer_of(office, fp1).occupation == "교사"


def test_the_second_editor_may_save_over_it(open_page, office, fp1, today):
    at = _edit_while_somebody_else_does(open_page, office, fp1, today)
    click(at, "내 것으로 저장")
    assert customer_of(office, fp1).occupation == "의사"
    assert "edit" not in at.query_params


def test_the_second_editor_may_leave_it(open_page, office, fp1, today):
    at = _edit_while_somebody_else_does(open_page, office, fp1, today)
    click(at, "그대로 두기")
    assert customer_of(office, fp1).occupation == "교사"
    assert "edit" not in at.query_params


def test_a_form_left_open_begins_anew_with_what_is_stored_now(open_page, office, fp1, today):
    customer = customer_of(office, fp1)
    at = open_page("customer", "fp1", id=str(customer.id), edit="1")
    del at.query_params["edit"]  # gone to another page, and back
    at.run()
    changed = CustomerChanges(occupation="교사")
    profiles.update(office, fp1, customer.id, changed, customer.ver, today)
    click(at, "고객 정보 수정")
    assert field(at, "직업").value == "교사"
    field(at, "이메일").set_value("new@example.com")
    click(at, "저장")
    kept = customer_of(office, fp1)
    assert (kept.occupation, kept.email) == ("교사", "new@example.com")


def test_a_policy_is_added_with_an_amount_in_words(open_page, office, fp1):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"), policy="new")
    field(at, "보험종류").set_value("life")
    field(at, "상품명").set_value("든든 종신")
    field(at, "가입금액").set_value("1억 5천만")
    field(at, "종신").set_value(True)
    click(at, "계약 추가")
    (added,) = [
        policy
        for policy in policies.of_customer(office, fp1, id_of(office, "박구름"), TODAY)
        if policy.type == "life"
    ]
    assert (added.coverage_amount, added.policy_name) == (150_000_000, "든든 종신")
    assert added.end_date.year == 9999 and added.in_force
    assert "1억 5,000만원" in texts(at)


@pytest.mark.parametrize(
    ("label", "typed", "message"),
    [
        ("보험종류", None, "보험종류: 값이 없습니다"),
        ("가입금액", "많이", "가입금액: ‘많이’"),
        ("가입금액", "-5", "가입금액: ‘"),
        ("통화", "원화", "통화: "),
    ],
)
def test_a_policy_that_cannot_be_is_not_added(open_page, office, fp1, label, typed, message):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"), policy="new")
    field(at, "보험종류").set_value("life")
    field(at, label).set_value(typed)
    click(at, "계약 추가")
    assert any(message in error.value for error in at.error)
    assert len(policies.of_customer(office, fp1, id_of(office, "박구름"), TODAY)) == 1


def test_a_policy_is_edited_in_place(open_page, office, fp1):
    policy = policy_of(office, fp1)
    at = open_page("customer", "fp1", id=str(policy.customer_id), policy=str(policy.id))
    field(at, "가입금액").set_value("3억")
    click(at, "저장")
    assert policy_of(office, fp1).coverage_amount == 300_000_000
    assert "policy" not in at.query_params


def test_the_second_editor_of_a_policy_is_told(open_page, office, fp1, today):
    policy = policy_of(office, fp1)
    at = open_page("customer", "manager1", id=str(policy.customer_id), policy=str(policy.id))
    field(at, "보험사").set_value("한화생명")
    policies.update(office, fp1, policy.id, PolicyChanges(insurer="교보생명"), policy.ver, today)
    click(at, "저장")
    assert "보험사: 없음 → 교보생명" in texts(at)
    click(at, "내 것으로 저장")
    assert policy_of(office, fp1).insurer == "한화생명"


def test_a_policy_is_ended_and_counts_no_more(open_page, office, fp1):
    policy = policy_of(office, fp1)
    at = open_page("customer", "fp1", id=str(policy.customer_id), policy=str(policy.id))
    click(at, "해지 처리")
    ended = policy_of(office, fp1)
    assert (ended.status, ended.why_not) == ("cancelled", "cancelled")
    assert "유지 중인 생명 계약이 없습니다" in texts(at)


def test_a_policy_is_removed(open_page, office, fp1):
    policy = policy_of(office, fp1)
    at = open_page("customer", "fp1", id=str(policy.customer_id), policy=str(policy.id))
    click(at, "계약 삭제")
    left = policies.of_customer(office, fp1, policy.customer_id, TODAY)
    assert [one.policy_number for one in left] == ["H1"]


def test_a_contact_is_logged_with_the_next_date(open_page, office, fp1, today):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"))
    field(at, "결과").set_value("appointment")
    field(at, "다음 연락일").set_value(today + timedelta(days=7))
    field(at, "비고").set_value("자동차 갱신 상담 <script>x</script>")
    click(at, "기록")
    (entry,) = contacts.of_customer(office, fp1, id_of(office, "박구름"))
    assert (entry.contacted_on, entry.outcome) == (today, "appointment")
    assert customer_of(office, fp1, "박구름").next_contact_on == today + timedelta(days=7)
    assert "약속 잡음" in texts(at)
    assert any("<script>x</script>" in shown.value for shown in at.text)


def test_a_contact_without_an_outcome_is_refused(open_page, office, fp1):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"))
    click(at, "기록")
    assert any("결과: 값이 없습니다" in error.value for error in at.error)
    assert contacts.of_customer(office, fp1, id_of(office, "박구름")) == []


def test_what_is_folded_away_is_drawn_once_it_is_opened(open_page, office):
    at = open_page("customer", "fp1", id=id_of(office, "김하늘"))
    unfolded = len(at.text_input), len(at.markdown)
    for fold in FOLDS:
        at.session_state[f"fold {fold}"] = False
    at.run()
    assert not at.text_input and not at.date_input and len(at.markdown) < unfolded[1] / 2
    at.session_state["fold delete"] = True
    at.run()
    assert [field.key for field in at.text_input] == ["type the name"]


def test_a_contact_is_taken_out_again(open_page, office, fp1, today):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"))
    field(at, "결과").set_value("reached")
    click(at, "기록")
    (entry,) = contacts.of_customer(office, fp1, id_of(office, "박구름"))
    at.session_state[f"fold removal of {entry.id}"] = True
    at.run()
    click(at, "기록 삭제")
    assert contacts.of_customer(office, fp1, id_of(office, "박구름")) == []


def test_marketing_is_consented_to_and_withdrawn(open_page, office, fp1):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"))
    assert "마케팅 미동의" in texts(at)
    field_of_marketing(at).set_value("2026-11-20 전화")
    at.button(key="give marketing send").click().run()
    assert "마케팅 미동의" not in texts(at)
    at.button(key="withdraw marketing send").click().run()
    assert "마케팅 미동의" in texts(at)


def field_of_marketing(at):
    return at.text_input(key="give marketing basis")


def test_a_withdrawn_consent_hides_the_customer_and_says_until_when(open_page, office, fp1):
    customer_id = id_of(office, "박구름")
    at = open_page("customer", "fp1", id=customer_id)
    at.button(key="withdraw collection send").click().run()
    assert "동의를 철회한 고객입니다" in at.warning[0].value
    assert "박구름" not in texts(at)
    with pytest.raises(ConsentWithdrawn):
        profiles.get(office, fp1, customer_id, TODAY)

    at = open_page("customers", "fp1")
    assert "박구름" not in listed(at) and "동의를 철회한 1명은 표시하지 않음" in texts(at)


def test_a_consent_given_again_shows_the_customer_again(open_page, office, fp1, today):
    customer_id = id_of(office, "박구름")
    collection = ConsentKind.COLLECTION
    consents.withdraw(office, fp1, customer_id, collection, ConsentChannel.PHONE, today)
    at = open_page("customer", "fp1", id=customer_id)
    at.text_input(key="give collection basis").set_value("2026-11-23 서면")
    at.button(key="give collection send").click().run()
    assert at.title[0].value == "박구름"


def test_an_export_is_made_when_asked_for_and_logged(open_page, office, fp1):
    customer_id = id_of(office, "김하늘")
    at = open_page("customer", "fp1", id=customer_id)
    logged = "select action from audit where action = 'exported'"
    assert office.read(logged) == []
    at.button(key="make export").click().run()
    assert len(office.read(logged)) == 1
    assert not at.error


def test_a_customer_is_deleted_only_after_the_name_is_typed(open_page, office, fp1):
    customer_id = id_of(office, "김하늘")
    at = open_page("customer", "fp1", id=customer_id)
    assert any("계약 2건" in block.value for block in at.markdown)
    click(at, "삭제")
    assert any("이름이 다릅니다" in error.value for error in at.error)
    assert customer_of(office, fp1)

    at.text_input(key="type the name").set_value("김하늘")
    click(at, "삭제")
    with pytest.raises(NotFound):
        profiles.get(office, fp1, customer_id, TODAY)
    assert office.read("select * from policy where customer_id = $id", {"id": customer_id}) == []


def test_a_customer_is_erased_without_a_trace(open_page, office, fp1, tmp_path):
    at = open_page("customer", "fp1", id=id_of(office, "김하늘"))
    at.text_input(key="type the name").set_value("김하늘")
    at.checkbox(key="erase").set_value(True)
    click(at, "삭제")
    for file in tmp_path.iterdir():
        assert "김하늘".encode() not in file.read_bytes(), file
    log = office.read("select customer_id from audit where action = 'erased'")
    assert log == [{"customer_id": None}]


@pytest.mark.parametrize("asker", ["fp2", "manager2"])
@pytest.mark.parametrize("parameter", ["edit", "policy"])
def test_no_form_opens_for_a_foreign_customer(open_page, office, asker, parameter):
    at = open_page("customer", asker, id=id_of(office, "김하늘"), **{parameter: "new"})
    assert [error.value for error in at.error] == [r"고객을 찾을 수 없습니다\."]
    assert not at.text_input and not at.date_input


def test_a_filter_is_saved_without_its_search_and_used_again(open_page, office):
    at = open_page("customers", "fp1", gender="M", search="구름")
    field(at, "필터 이름").set_value("남자 고객")
    click(at, "이 필터 저장")
    at = open_page("customers", "fp1")
    click(at, "남자 고객")
    assert at.query_params == {"gender": "M"}
    assert listed(at) == ["박구름"]
    assert "남자 고객" not in [button.label for button in open_page("customers", "fp2").button]


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"search": "ㄱㅎㄴ"}, ["김하늘"]),
        ({"search": "C1"}, ["박구름"]),
        ({"status": "active"}, ["김하늘", "박구름"]),
        ({"gap": "life_missing"}, ["박구름", "이바다"]),
        ({"gap": "nonsense"}, ["김하늘", "박구름", "이바다"]),
        ({"not_contacted_for": "30"}, ["김하늘", "박구름", "이바다"]),
    ],
)
def test_the_new_filters_stand_in_the_address_too(open_page, parameters, names):
    found = listed(open_page("customers", "fp1", **parameters))
    assert [name.split()[0] for name in found] == names


def test_personal_data_knows_every_table(office):
    """A new table that holds something of a person must be thought of in export and erasure."""
    tables = {
        row["table_name"]
        for row in office.read(
            "select distinct table_name from duckdb_columns() where column_name = 'customer_id'"
        )
    }
    assert tables == {
        "audit", "consent", "contact", "customer_target", "gap_change", "policy", "policy_before",
    }, disclosure.__doc__  # fmt: skip


HOSTILE = "<script>alert(1)</script> ![x](http://evil.example/x.png) :red[x] $x$ 😀 \u202e김"


def markdown_of(at) -> str:
    """Everything on a page that Streamlit reads as Markdown, labels among it."""
    said = (at.title, at.subheader, at.markdown, at.caption, at.info, at.success, at.error,
            at.warning, at.metric)  # fmt: skip
    labelled = (at.button, at.text_input, at.text_area, at.selectbox, at.checkbox, at.expander,
                at.date_input, at.metric)  # fmt: skip
    texts = [one.value for kind in said for one in kind]
    return "\n".join(texts + [one.label for kind in labelled for one in kind])


def test_hostile_text_goes_through_every_form_and_is_never_interpreted(open_page, office, fp1):
    customer_id = id_of(office, "박구름")
    at = open_page("customer", "fp1", id=customer_id, edit="1")
    for label in ("이름", "직업"):
        field(at, label).set_value(HOSTILE)
    at.text_area(key=f"customer {customer_id} notes").set_value(HOSTILE)
    at.button(key=f"customer {customer_id} send").click().run()
    at = open_page("customer", "fp1", id=customer_id, policy="new")
    field(at, "보험종류").set_value("life")
    for label in ("보험사", "상품명", "증권번호"):
        field(at, label).set_value(HOSTILE)
    at.button(key="policy new send").click().run()
    field(at, "결과").set_value("reached")
    field(at, "비고").set_value(HOSTILE)
    click(at, "기록")
    at.text_input(key="give marketing basis").set_value(HOSTILE)
    at.button(key="give marketing send").click().run()
    kept = profiles.get(office, fp1, customer_id, TODAY)
    assert kept.name == kept.occupation == kept.notes == HOSTILE

    at = open_page("customers", "fp1", gender="M", search=HOSTILE)
    assert listed(at) == [HOSTILE]
    field(at, "필터 이름").set_value(HOSTILE)
    click(at, "이 필터 저장")
    for page, parameters in (("customers", {"search": HOSTILE}), ("customer", {"id": customer_id})):
        for asker in ("fp1", "manager1"):
            at = open_page(page, asker, **parameters)
            assert not at.error and not at.exception
            shown = markdown_of(at)
            assert "evil" in shown
            assert not re.search(r"!\[x|:red\[|(?<!\\)[<$]", shown), shown


@pytest.mark.parametrize("label", ["이름", "직업", "이메일", "휴대폰"])
def test_ten_thousand_characters_are_refused_beside_their_field(open_page, office, fp1, label):
    before = customer_of(office, fp1)
    at = open_page("customer", "fp1", id=str(before.id), edit="1")
    field(at, label).set_value("가" * 10_000)
    click(at, "저장")
    assert len(at.error) == 1 and at.error[0].value.startswith(f"{label}: ")
    assert len(at.error[0].value) < 300
    assert customer_of(office, fp1) == before
