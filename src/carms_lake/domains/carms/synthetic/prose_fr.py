"""Invented French sentences; as in reality, some authors write without accents."""

from __future__ import annotations

from carms_lake.domains.carms.synthetic.language import Prose

FR = Prose(
    departments=("Département de {discipline}", "Bureau des études, {discipline}"),
    street="{number}, chemin de la Lanterne, bureau {suite}",
    website_texts=("À propos du programme", "Vivre à {city}", "Site de l'{school}"),
    citizenship="CaRMS travaille avec des [organismes partenaires]"
    "(https://www.example.ca/partenaires) qui peuvent confirmer votre statut. Si c'est déjà fait, "
    "laissez cette partie vide; sinon, envoyez un document de la liste.",
    language=(
        "La preuve est demandée aux personnes dont la faculté enseignait dans une autre langue.",
        "Les resultats valent deux ans, jusqu'au premier juillet de l'annee du jumelage.",
    ),
    examinations={
        "casper": "Le resultat nous parvient par le bureau du test. Inscrivez-vous tot sur "
        "[le site du test](https://www.example.ca/casper-fr).",
        "fmproc": "Le resultat ne vaut que pour une saison. Inscrivez-vous sur "
        "[le site de l'évaluation](https://www.example.ca/cpromf).",
        "mccqe1": "Envoyez le résultat si vous l’avez déjà.",
        "nac": "Seule la tentative la plus recente est lue.",
    },
    references=(
        "Choisissez des médecins qui vous ont vu travailler pendant au moins deux semaines.",
        "Les lettres en surnombre ne sont pas ouvertes.",
        "Une lettre au moins devrait venir d’une personne qui pratique en {discipline}.",
    ),
    references_joined={
        True: "Il peut s'agir de lettres de recommandation **OU** de formulaires d'appui.",
        False: "Les formulaires **ET** les lettres font partie d'un dossier complet.",
    },
    tests={
        "required": "Vous devrez faire le test {test} pour que votre dossier soit complet.",
        "weighed": "Les résultats au test {test} sont pris en compte.",
        "refused": "Le test {test} n'est plus exigé.",
    },
    documents=(
        "Quatre pages au plus, du plus récent au plus ancien.",
        "Le relevé peut nous parvenir de trois façons :",
        "Les facultés du pays l'envoient elles-mêmes; vous n'avez rien à faire.",
        "[Remarque : l'image aide la mémoire et ne compte pas]",
    ),
    transcript_ways=(
        "Votre registraire l'envoie par le [portail](https://www.example.ca/portail);",
        "Vous téléversez une copie certifiée, avec une traduction au besoin; ou",
        "Vous le transférez depuis votre compte au registre national.",
    ),
    letter_free="Ecrivez aussi longuement ou brievement que vous le voulez.",
    letter_limited="Restez sous les {words} mots et répondez à ces questions :",
    letter_questions=(
        "Quel après-midi vous a fait choisir cette discipline ?",
        "Qu’apporteriez-vous à une petite équipe ?",
        "Racontez un conseil qui a changé votre façon de travailler.",
        "Ou vous voyez-vous dans dix ans ?",
    ),
    important=(
        "Une semaine d'accueil a lieu dans les derniers jours de juin; le voyage depuis une autre "
        "province est payé.",
        "Une verification des antecedents et une preuve de vaccination sont dues avant le premier "
        "jour.",
        "Tout le monde travaille dans au moins deux hôpitaux; un permis de conduire aide.",
        "Veuillez lire les [règles provinciales](https://www.example.ca/regles) avant de poser "
        "votre candidature.",
    ),
    return_of_service={
        "obligation": (
            "La personne retenue s'engage à pratiquer au {province} après sa formation et doit "
            "signer un contrat d'engagement avant de commencer.",
            "Une pénalité est prévue au contrat si elle ne pratique pas dans la province.",
        ),
        "none": ("Aucun service post-formation n'est exigé.",),
        "not_applicable": ("S/O",),
        "per_kind": (
            "**Diplômés canadiens :** Aucun service post-formation n'est exigé.",
            "**DHCEU :** Les personnes retenues devront signer un contrat avec la province.",
        ),
        "img_only": ("Les DHCEU devront signer un contrat de service post-formation.",),
        "unclear": ("Renseignez-vous auprès de votre province d'origine.",),
    },
    general=(
        "Le comité compte six personnes, dont deux résidents.",
        "Seuls les dossiers complets sont lus. Un dossier est complet quand chaque pièce requise "
        "est arrivée.",
        "Les pieces sont acceptees dans la langue du programme.",
    ),
    review=(
        "Deux lecteurs notent chaque dossier separement, puis comparent leurs notes.",
        "Les pièces tardives sont notées au dossier sans changer le résultat.",
    ),
    notification="Les invitations passent par CaRMS en ligne; personne n’est appelé au téléphone.",
    own_dates=(
        "Les entrevues se tiennent sur plus d'une journée. **Nos dates d'entrevue :**",
        "Les entrevues auront lieu en ligne le {days}.",
        "Les invitations à l'entrevue seront envoyées le {day}.",
    ),
    interview=(
        "Les entrevues sont virtuelles et durent environ quarante minutes.",
        "Un résident répond aux questions des candidats; cet échange n’est pas noté.",
        "Toutes les personnes entendent les memes quatre questions, qui changent chaque annee.",
    ),
    criteria=(
        "Curiosité pour la discipline, qui a mené à quelque chose",
        "Parole claire et écoute attentive",
        "Aisance quand les plans changent",
        "Respect de chaque membre de l’équipe",
        "Travail régulier au fil des ans",
    ),
    goals=(
        "Nous formons en {discipline} des médecins à l’aise dans un grand hôpital comme dans un "
        "village.",
        "Les residents prennent des responsabilites pas a pas, jusqu'a diriger leur propre "
        "service.",
        "Enseigner, écrire et réparer ce qui ne marche pas font partie du métier.",
    ),
    selection_goals=(
        "Nous cherchons des personnes qui posent de bonnes questions et finissent ce qu’elles "
        "commencent.",
        "Les notes ouvrent la porte; la façon de traiter autrui décide.",
    ),
    review_team=(
        "Quatre enseignants et deux résidents, avec une coordonnatrice qui tient l’horaire.",
        "La direction du programme, trois enseignants et un resident de chaque annee.",
    ),
    file_evaluated=(
        "Variété des expériences",
        "Pertinence pour la discipline",
        "Progres au fil des ans",
        "Exemples précis plutôt qu’éloges généraux",
        "Tout travail terminé compte",
    ),
    interview_evaluated=(
        "Donne un exemple tiré du quotidien",
        "Ecoute l'autre jusqu'au bout",
        "Connaît ce que le programme offre",
        "Parle simplement des patients et des collègues",
    ),
    not_evaluated=(
        "Comme le processus est commun, nous n'évaluons pas cette composante.",
        "Cette composante du dossier n'est pas évaluée.",
        "Lu, mais ne comptera pas vers la note finale.",
    ),
    electives=(
        "La variété compte plus que le nombre de semaines en {discipline}.",
        "Un stage chez nous aide à nous connaître et ne change pas la note.",
    ),
    highlights=(
        "**Qui nous sommes**",
        "Notre programme de {site} est assez grand pour tout voir et assez petit pour que l’on "
        "connaisse votre nom.",
        "Chaque resident choisit son mentor a l'automne et peut en changer une fois sans donner de "
        "raison.",
        "**Vivre ici**",
        "L’hôpital se trouve à dix minutes de l’eau, et l’on y vient à vélo de mai à octobre.",
        "Une retraite en\u200b septembre et une soirée de curling en février réunissent les "
        "familles.",
        "**Enseignement**",
        "Le jeudi après-midi est libre de téléavertisseurs : séminaires, simulation et, une fois "
        "par mois, une causerie.",
        "Un club de lecture se tient chaque fois dans une autre cuisine.",
        "**Bien-être**",
        "L’horaire de garde est fait par les résidents, une demi-année d’avance.",
        "Une conseillere qui ne travaille pour aucun hopital nous garde deux heures par semaine.",
    ),
    curriculum=(
        "**Première année**",
        "La première année réunit des blocs de {discipline}, de médecine, de chirurgie et "
        "d’urgence, avec quatre semaines au choix.",
        "Une semaine d’habiletés ouvre le mois de juillet.",
        "**Années suivantes**",
        "Les blocs s’allongent, et l’on suit les patients de la clinique à l’étage et jusqu’à la "
        "maison.",
        "Chacun mene un projet qui repare quelque chose, avec une demi-journee par semaine.",
        "**Évaluation**",
        "Un comité se réunit quatre fois par an, lit toutes les notes des étages et écrit à chacun "
        "en moins de dix jours.",
        "Des examens de pratique ont lieu au printemps, a l'oral et a l'ecrit.",
        "**Garde**",
        "La garde revient au plus une nuit sur six, à domicile à partir de la troisième année.",
    ),
    hospitals=(
        "Hôpital de la Lanterne",
        "Centre de santé Sainte-Aurélie",
        "Clinique du Vieux-Moulin",
        "GMF-U de la rue des Genévriers",
        "Hôpital pour enfants de la Rivière-Claire",
    ),
    sites="La formation se déroule surtout à {site} :",
    out_of_province="Les stages principaux ont lieu dans cette province : {province}.",
    additional=(
        "Une soirée d'information a lieu en novembre; le lien se trouve sur notre [page]"
        "(https://www.example.ca/soiree).",
        "Le stationnement, les uniformes et un casier viennent avec le poste.",
    ),
    faq=(
        ("Peut-on changer de site après le jumelage ?", "Non, le site reste le même."),
        ("Les cours sont-ils payés ?", "OUI, les deux cours obligatoires et un cours au choix."),
        ("La recherche est-elle obligatoire ?", "Un projet l'est; il peut être petit."),
        ("Combien de residents y a-t-il ?", "Entre trois et douze par annee."),
    ),
    in_text_headings={
        "important_information": (
            "**ACLS**",
            ("Un certificat de soins avances valide est requis dans les quatre-vingt-dix jours.",),
        ),
        "supporting_documentation_information": (
            "Autre:",
            ("Une copie peut être certifiée par un notaire ou par un pharmacien.",),
        ),
        "program_highlights": (
            "Activités d’encadrement et d'évaluation",
            ("Chaque résident rencontre sa directrice deux fois par trimestre.",),
        ),
        "program_curriculum": (
            "Enseignements",
            ("L’ordre des blocs est tiré au sort; on échange jusqu’en mai.",),
        ),
        "additional_information": (
            "Formations complémentaires",
            ("Deux cours en ligne sont offerts chaque automne.",),
        ),
    },
)
