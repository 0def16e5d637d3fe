"""The English form."""

from __future__ import annotations

from carms_lake.domains.carms.synthetic.language import Labels

EN = Labels(
    iteration="{year} R-1 Main Residency Match - first iteration",
    approved="Last approved on",
    quota="Approximate Quota:",
    quota_note="click here",
    accreditation="Accreditation status :",
    accreditation_values={
        "accredited": "Accredited",
        "joint_arrangement": "Accredited through joint institutional agreement",
        "intent_to_withdraw": "Notice of intent to withdraw accreditation",
    },
    criteria_link="Provincial Criteria",
    copy_link=(
        "Print copy link",
        "Link to display this program description  \n  ",
        "To copy link, press Ctrl-C on your keyboard or right-click on highlighted text and select "
        "Copy from the menu",
    ),
    director="Program Director",
    salutation="Dr.",
    address="Address",
    work="Work",
    fax="Fax",
    websites="Websites of Interest",
    contact=("Name: ", "Title: ", "Email: ", "Phone: "),
    application_language="Program application language: ",
    application_languages={
        "en": "English",
        "fr": "French",
        "either": "Either English or French",
    },
    citizenship=(
        "Canadian citizenship",
        "Document must be notarized/certified",
        "Required",
        "Submit one of the following documents to verify your Canadian citizenship:",
    ),
    citizenship_documents=(
        "Canadian Birth Certificate or Act of Birth",
        "Certificate of Canadian Citizenship",
        "Confirmation of Permanent Residence in Canada",
        "Passport page showing Canadian Citizenship",
        "Canadian Permanent Resident Card (both sides of card)",
    ),
    language_proficiency="Language proficiency",
    language_proof="Submit one of the following documents to verify your language proficiency:",
    language_tests=(
        "IELTS",
        "Occupational English Test (OET) - Medicine",
        "Canadian English Language Proficiency Index Program (CELPIP) - General",
    ),
    levels={
        "required": "Required",
        "conditional": "Conditionally required",
        "img": "Additional required IMG documents",
        "optional": "Optional - will be reviewed",
    },
    examinations="Examinations",
    examination_names={
        "casper": ("Casper", "Language of examination:      English", "* Score"),
        "fmproc": ("FMProC", "* Score"),
        "mccqe1": (
            "MCCQE Part I",
            "* Score and document(s)",
            "* MCCQE Part I - Statement of Results\n"
            "* MCCQE Part I - Supplemental Information Report",
        ),
        "nac": (
            "NAC",
            "* Score and document(s)",
            "* NAC examination - Statement of results",
        ),
    },
    references="Reference documents",
    reference_kinds={
        "letter": "Letter of reference",
        "structured": "{discipline} structured reference letter",
        "form": "Applicant support form",
    },
    number_requested="Number requested:",
    additional_documents="Additional documents",
    documents=(
        "Custom Résumé / CV",
        "Medical School Transcript",
        "Medical Student Performance Record",
        "Photo",
    ),
    letter="Personal Letter",
    word_count="Word count",
    no_limit="None",
    review=(
        "Applications submitted after file review has opened on {day}",
        "Supporting documents (excluding letters of reference) that arrive after file review has "
        "opened  on  {day}",
        "Letters of reference that arrive after the unmasking date on {day}",
    ),
    review_choices="  Will be considered until  \n  Will NOT be considered",
    dates="Dates:",
    date_details="Details regarding interview dates:",
    notification="Notification/Invitation:",
    interview_process_details="Details regarding the interview process:",
    subheadings=(
        "Program goals",
        "Selection process goals",
        "File review process",
        "Elective criteria",
        "Interview process",
        "Information gathered outside of CaRMS application",
        "Ranking process",
    ),
    review_team="Review team composition :",
    applications="Average number of applications received by our program in the last five years :",
    interviewed="Average percentage of applicants offered interviews :",
    evaluation="Evaluation criteria :",
    file_table="File component | Criteria",
    file_rows=(
        "CV",
        "Electives",
        "Examinations",
        "Extra-curricular",
        "Leadership skills",
        "MSPRs",
        "Personal letters",
        "Reference documents",
        "Research/Publications",
        "Transcripts",
    ),
    file_not_evaluated="We do not evaluate this file component",
    elective_requirement="Elective Requirements:",
    onsite="On Site Elective:",
    elective_rules={
        "one_in_discipline": "We encourage applicants to have completed at least one elective in "
        "our discipline.",
        "broad_range": "We are looking for and rewarding applicants who have completed a broad "
        "range of electives including in our discipline.",
        "not_evaluated": "We do not evaluate this component",
    },
    onsite_rules={
        "preferred": "We prefer applicants to have done onsite electives.",
        "not_required": "We do not require applicants to have done onsite electives.",
    },
    elective_other="Other information regarding elective requirement:",
    interview_format=(
        "Interview format :",
        "Traditional (one on one/two on one)",
        "Panel",
        "MMI or rotating station",
    ),
    rescheduling={
        "routinely": "We routinely accommodate requests to re-schedule interviews for applicants.",
        "in_unforeseen_circumstances": "We may accommodate requests to re-schedule interviews for "
        "applicants due to weather, technology failure, or unforeseen circumstances.",
        "not_after_scheduling": "We do not re-schedule interviews for applicants after we have "
        "completed the scheduling process.",
    },
    interview_evaluation="Interview evaluation criteria :",
    interview_table="Interview components | Criteria",
    interview_rows=(
        "Collaboration skills",
        "Collegiality",
        "Communication skills",
        "Health advocacy",
        "Interest in the discipline",
        "Interest in the program",
        "Leadership skills",
        "Professionalism",
        "Scholarly activities",
    ),
    interview_not_evaluated="We do not evaluate this interview component",
    outside_not_considered="We do not consider any information gathered outside of the CaRMS "
    "application and local interview processes.",
    outside_considered=(
        "Specifically, we may consider:",
        "Social interaction during program related events",
        "Communication with program administration",
        "Social media",
        "Unsolicited reference letters",
        "Unsolicited email references",
        "Unsolicited verbal information on a candidate's prior performance",
        "Unsolicited feedback from colleagues and co-workers",
    ),
    ranking=(
        "The behavior(s) exhibited below during the interview process may prevent an applicant "
        "from being ranked by our program :",
        "Unprofessional or inappropriate behavior",
        "Did not attend interview",
        "Interview performance was not competitive",
    ),
    length="This residency program is for {years} years.",
    length_standard="Program length of training does not exceed the Royal College or College of "
    "Family Physicians of Canada standard.",
    changes="SUMMARY ID | Section | Summary of changes | Updated on | NOTIFY APPLICANTS | "
    "SECTION NAME | Actions",
)
