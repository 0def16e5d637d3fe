"""Invented English sentences."""

from __future__ import annotations

from carms_lake.domains.carms.synthetic.language import Prose

EN = Prose(
    departments=("Department of {discipline}", "Postgraduate Office, {discipline}"),
    street="{number} Lantern Hill Road, Suite {suite}",
    website_texts=("About our program", "Resident life in {city}", "{school} postgraduate office"),
    citizenship="CaRMS works with [partner organizations](https://www.example.ca/partners) that "
    "can "
    "confirm your status. When one of them has confirmed it, leave this part empty; otherwise send "
    "one document from the list.",
    language=(
        "A test is asked only of graduates whose school taught in another language.",
        "Results count for two years, up to the first of July in the match year.",
    ),
    examinations={
        "casper": "Results come to CaRMS from the test's own office. Register early at "
        "[the test's site](https://www.example.ca/casper); places fill in autumn.",
        "fmproc": "The result reaches us through CaRMS and holds for one season only. Register at "
        "[the assessment's site](https://www.example.ca/fmproc).",
        "mccqe1": "Send the result if you already have it.",
        "nac": "We look at the latest attempt only.",
    },
    references=(
        "Choose physicians who have watched you work with patients for at least two weeks.",
        "Letters beyond the number asked for will not be opened.",
        "At least one letter should come from a colleague in {discipline}.",
    ),
    references_joined={
        True: "These may be letters of reference **OR** applicant support forms.",
        False: "Both the letters **AND** the forms are part of a complete file.",
    },
    tests={
        "required": "All applicants are required to take the {test} test.",
        "weighed": "{test} results are considered in file review.",
        "refused": "The {test} test is no longer required.",
    },
    documents=(
        "Keep it to four pages, newest first.",
        "Your transcript can reach us in one of three ways:",
        "Schools in this country send the record on their own; nothing is left for you to do.",
        "[Note: a picture helps us remember faces and is not scored]",
    ),
    transcript_ways=(
        "Ask your registrar to send it through the [school portal](https://www.example.ca/portal);",
        "Upload a certified copy yourself, with a translation when it needs one; or",
        "Transfer it from the account that you hold with the national registry.",
    ),
    letter_free="Write as much or as little as you need.",
    letter_limited="Please stay within {words} words and answer these questions:",
    letter_questions=(
        "Which afternoon on a ward made you choose {discipline}?",
        "What would you bring to a small team in {site}?",
        "Tell us about advice that changed the way you work.",
        "Where do you see your practice ten years from now?",
    ),
    important=(
        "Residents who begin with us come to a welcome week in the last days of June; travel from "
        "outside {province} is paid for.",
        "A police record check and proof of immunization are due before the first clinical day.",
        "Everyone who starts in {city} rotates through at least two hospitals, so a driving "
        "licence "
        "helps.",
        "Please read the [provincial rules](https://www.example.ca/rules) before you apply, "
        "because "
        "they may differ from those of your home province.",
        "Questions about visas go to the postgraduate office and not to our coordinators.",
    ),
    return_of_service={
        "obligation": (
            "This position has a return of service obligation: residents are required to sign an "
            "agreement with the Ministry before training begins.",
            "The service is done in an eligible community of {province} after certification, and "
            "lasts as long as the training did.",
        ),
        "none": ("There is no return of service requirement for this stream.",),
        "not_applicable": ("N/A",),
        "per_kind": (
            "**CMGs/USMGs:** There is no Return of Service requirement for them.",
            "**IMGs: **IMGs who match to {discipline} will be required to sign a Return of Service "
            "Agreement with {province}.",
        ),
        "img_only": (
            "All IMGs will be required to sign a return of service contract with {province}, and "
            "have to say so where they hold another one.",
        ),
        "unclear": (
            "Applicants who hold an agreement with another province should ask that province what "
            "it means for them.",
        ),
    },
    general=(
        "Copies need no stamp when you apply; the originals are looked at in July.",
        "Only complete files are read. A file is complete when every required item has arrived.",
        "Send all files in one of the languages of this program.",
    ),
    review=(
        "Two readers score each file on their own and compare their marks afterwards.",
        "Late items are noted in the file but do not change a score.",
    ),
    notification="Invitations go out through CaRMS Online, and nobody is called by telephone.",
    own_dates=(
        "Interviews are held on more than one day. **Our interview dates:**",
        "Interviews will be held online on {days}.",
        "Offers to interview will be sent on {day}.",
    ),
    interview=(
        "Interviews are virtual and take about forty minutes, in two rooms with two people each.",
        "A resident will be there to answer questions; that talk is not scored.",
        "All candidates hear the same four questions, which change each year.",
        "Test your camera on the day before; a spare link comes with the invitation.",
    ),
    criteria=(
        "Curiosity about {discipline} that has led to something",
        "Clear speech and careful listening",
        "Comfort with changing plans",
        "Respect for every member of a team",
        "A record that shows steady work",
        "Ties to {province}, or a wish to make some",
    ),
    goals=(
        "We train physicians in {discipline} who are at ease in a large hospital and in a town "
        "with one road.",
        "Over {years} years, residents take on responsibility step by step, until they lead a "
        "service of their own.",
        "Teaching, writing and mending what does not work are part of the job from the first "
        "month.",
    ),
    selection_goals=(
        "We look for people who ask good questions and finish what they begin.",
        "Marks open the door, but how you treat others decides.",
        "A career that took a detour is welcome; tell us what you learned there.",
    ),
    review_team=(
        "Four faculty members and two residents, with a coordinator who keeps time.",
        "The program director, three teachers from {site}, and one resident of each year.",
    ),
    file_evaluated=(
        "Shows a variety of experience.",
        "Relevant to {discipline}.",
        "Steady progress over the years.",
        "Specific examples rather than general praise.",
        "Any completed work counts, whatever its size.",
        "Passed, where a result exists.",
    ),
    interview_evaluated=(
        "Gives an example from daily work.",
        "Hears the other side out.",
        "Knows what the program does and does not offer.",
        "Can name a mistake and what came of it.",
        "Speaks plainly about patients and colleagues.",
    ),
    not_evaluated=(
        "Reviewed but not scored",
        "Not typically evaluated",
        "Due to lack of time, the program does NOT evaluate this component. Fill in the form.",
        "We value it, but it is not a formal scoring criteria.",
    ),
    electives=(
        "Breadth matters to us more than the number of weeks in {discipline}.",
        "An elective in {site} helps you to know us, and has no effect on the score.",
        "We know that places were scarce in the last two years.",
    ),
    highlights=(
        "**Who we are**",
        "Our program in {site} is large enough to see everything and small enough that the person "
        "who teaches you knows your name.",
        "Residents choose their own mentor in the autumn and may change once without giving a "
        "reason.",
        "A quarter of our graduates stay in {province}; the others work in eleven provinces and "
        "territories.",
        "**Living in {city}**",
        "The hospital stands ten minutes from the water, and most residents come by bicycle from "
        "May to October.",
        "A retreat in Septem\u00adber and a curling evening in February belong to the calendar, "
        "and "
        "families come along.",
        "**Teaching**",
        "Thursday afternoons are free of pagers. They hold seminars, simulation and, once a month, "
        "a talk by someone who is not a physician.",
        "Residents run a journal club in a different kitchen each time and publish its notes.",
        "Every resident has a budget for one conference a year and a laptop to write on.",
        "**Wellness**",
        "The call schedule is made by residents, a half year ahead, and the chief residents answer "
        "for its fairness.",
        "A counsellor who works for no hospital keeps two hours free for us each week.",
    ),
    curriculum=(
        "**First year**",
        "The first year mixes blocks of {discipline} with medicine, surgery, emergency and an "
        "elective of four weeks.",
        "A skills week in July covers lines, consent and how to call for help at night.",
        "**Later years**",
        "Residents spend longer blocks on one service and follow patients from the clinic to the "
        "ward and home again.",
        "Each resident carries out one project that mends something, with a half day a week for it "
        "in the second year.",
        "**Assessment**",
        "A committee meets four times a year, reads all short notes from the wards, and writes to "
        "each resident within ten days.",
        "Practice examinations take place every spring, oral and written, and nobody fails for "
        "good "
        "because of one of them.",
        "**Scholarly work**",
        "A librarian and a statistician are shared with two other programs, and residents book "
        "them without going through a supervisor.",
        "**Call**",
        "Call is one night in six at most, at home from the third year on.",
    ),
    hospitals=(
        "Lantern Hill General Hospital",
        "St. Aurelia's Health Centre",
        "Saltmarsh District Clinic",
        "Old Mill Children's Hospital",
        "Juniper Street Family Practice",
        "Northgate Care Centre",
    ),
    sites="Most of the training takes place in {site}, in these places:",
    out_of_province="All core rotations are in {province}; residents live in {province} and are "
    "paid there.",
    additional=(
        "An open evening takes place in November; the link is on our [web page]"
        "(https://www.example.ca/open-evening).",
        "Parking passes, scrubs and a locker come with the position.",
        "Couples may ask for a talk with both programs at the same time.",
    ),
    faq=(
        ("Can I change site after the match?", "No; sites are fixed for the whole training."),
        ("Do you pay for courses?", "Yes, the two mandatory ones and one of your choice."),
        ("Is research required?", "One project is, and it can be small."),
        ("How many residents are there?", "Between three and twelve in each year's group."),
        (
            "May I do electives abroad?",
            "Eight weeks at most, from the second year on; don't plan "
            "them before your supervisor agrees.",
        ),
    ),
    in_text_headings={
        "important_information": (
            "**ACLS**",
            ("First-year residents hold a valid life-support certificate within ninety days.",),
        ),
        "supporting_documentation_information": (
            "Certification of Documents",
            ("A copy may be certified by one of these people:", "  1. A notary\n  2. A pharmacist"),
        ),
        "program_highlights": (
            "Overview of Department",
            ("The department has thirty teachers in {site} and a shared office with a good view.",),
        ),
        "program_curriculum": (
            " ",
            ("The order of the blocks is settled by lot, and swaps are allowed until May.",),
        ),
        "additional_information": (
            "FMProC",
            ("Dates of the assessment appear in early October.",),
        ),
    },
)
